import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { anna, approvedBy, type Machine, newMachine, serveAccounts } from './signed-in-world.ts'

const execute = promisify(execFile)
const canMount = await isMountable()
if (!canMount) process.stderr.write('no right to mount a small file system: profiles on full disks are not tested\n')

const profilesOf = (home: string) => join(home, '.config/photos/profiles')
const nobodyAsked = async (): Promise<never> => {
  throw new Error('somebody was asked to approve what cannot be kept')
}

describe('login', () => {
  test('asks nobody to approve what could not be kept', async () => {
    const { url } = await serveAccounts()
    const machine = await newMachine()
    await mkdir(join(machine.home, '.config'))
    await writeFile(join(machine.home, '.config/photos'), 'no folder')
    expect(await machine.login([url], nobodyAsked)).toMatchObject({
      exitCode: 5,
      stdout: '',
      stderr: expect.stringMatching(/^photos: the profile in .+ cannot be (locked|read): not a directory\n/),
    })
  })

  test('that cannot be kept after all leaves no session behind', async () => {
    const { url } = await serveAccounts()
    const [machine, other] = [await newMachine(), await newMachine()]
    const ended = await machine.login([url], async (shown) => {
      await approvedBy(anna)(shown)
      await rm(join(machine.home, '.config/photos'), { recursive: true })
      await writeFile(join(machine.home, '.config/photos'), 'no folder')
    })
    expect(ended).toMatchObject({ exitCode: 5, stdout: '', stderr: expect.stringContaining('cannot be locked') })
    await other.login([url], approvedBy(anna))
    expect(await devicesOf(other)).toEqual([expect.objectContaining({ is_current: true })])
  })

  test.skipIf(!canMount)('on a read-only or full disk asks nobody, either', async () => {
    const { url } = await serveAccounts()
    const machine = await newMachine()
    const disk = await mountDisk(profilesOf(machine.home))
    await disk.fill()
    expect(await machine.login([url], nobodyAsked)).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining('no space left on device'),
    })
    await execute('mount', ['-o', 'remount,ro', profilesOf(machine.home)])
    expect(await machine.login([url], nobodyAsked)).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining('read-only file system'),
    })
  })
})

describe('logout', () => {
  test.skipIf(!canMount)('on a full disk tells the remote all the same, and takes the tokens out of the file', async () => {
    const { url } = await serveAccounts()
    const [machine, other] = [await newMachine(), await newMachine()]
    const disk = await mountDisk(profilesOf(machine.home))
    await machine.login([url], approvedBy(anna))
    await disk.fill()
    expect(await machine.photos(['logout'])).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^signed out of /) })
    const path = join(profilesOf(machine.home), 'default.json')
    expect(await readFile(path, 'utf8')).not.toMatch(/oken|ecret/)
    expect(await machine.photos(['whoami'])).toMatchObject({ exitCode: 12, stderr: expect.stringContaining('not signed in') })
    await other.login([url], approvedBy(anna))
    expect(await devicesOf(other)).toEqual([expect.objectContaining({ is_current: true })])
  })

  test.skipIf(!canMount)('on a read-only disk ends the session, and says that the tokens are still there', async () => {
    const { url } = await serveAccounts()
    const [machine, other] = [await newMachine(), await newMachine()]
    await mountDisk(profilesOf(machine.home))
    await machine.login([url], approvedBy(anna))
    await execute('mount', ['-o', 'remount,ro', profilesOf(machine.home)])
    expect(await machine.photos(['logout'])).toMatchObject({
      exitCode: 5,
      stdout: '',
      stderr: expect.stringContaining('cannot be written: read-only file system'),
    })
    await other.login([url], approvedBy(anna))
    expect(await devicesOf(other)).toEqual([expect.objectContaining({ is_current: true })])
  })
})

async function devicesOf(machine: Machine): Promise<readonly unknown[]> {
  const { stdout } = await machine.photos(['devices', '--json'])
  return stdout
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
}

interface Disk {
  fill(): Promise<void>
}

/** Of 300 kB. */
async function mountDisk(folder: string): Promise<Disk> {
  await mkdir(folder, { recursive: true })
  await execute('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'none', folder])
  onTestFinished(async () => void (await execute('umount', ['-l', folder])))
  return { fill: () => writeFile(join(folder, 'ballast'), Buffer.alloc(400_000)).catch(() => {}) }
}

async function isMountable(): Promise<boolean> {
  try {
    await execute('unshare', ['-m', 'mount', '-t', 'tmpfs', 'photos-test', '/mnt'])
    return true
  } catch {
    return false
  }
}
