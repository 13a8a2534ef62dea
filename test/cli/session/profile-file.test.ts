import { execFile } from 'node:child_process'
import { chmod, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, test } from 'vitest'
import { hostileRemote } from '../../whole-path/sign-in/hostile-remote.ts'
import { type Machine, newMachine } from './signed-in-world.ts'

const delay = async (): Promise<void> => {}

let machine: Machine
let folder: string
let path: string
beforeEach(async () => {
  machine = await newMachine()
  folder = join(machine.home, '.config/photos/profiles')
  path = join(folder, 'default.json')
})

/** Signed in; `photos logout` is what reads the profile and replaces it. */
async function signIn(): Promise<string> {
  const { url } = await hostileRemote({ '/v1/devices/device12': [204, {}] })
  expect(await machine.photos(['login', url], { clock: { delay } })).toMatchObject({ exitCode: 0 })
  return url
}
const logout = () => machine.photos(['logout'], { clock: { delay } })

describe.skipIf(process.platform === 'win32')('a profile', () => {
  test('that others can read is made private, which is told once', async () => {
    await signIn()
    await chmod(path, 0o644)
    const first = await machine.photos(['devices', '--json'], { clock: { delay } })
    const warning = `the profile in ${path} was open to others on this machine (mode 0644); it is private from now on\n`
    expect(first.stderr).toContain(warning)
    expect(first.stdout).not.toContain('open to others')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await logout()).stderr).toBe('')
  })

  test('behind a link is replaced where it lies, and the link stays', async () => {
    await signIn()
    const target = join(machine.home, 'dotfiles.json')
    await rename(path, target)
    await symlink(target, path)
    expect(await logout()).toMatchObject({ exitCode: 0 })
    expect((await lstat(path)).isSymbolicLink()).toBe(true)
    expect(await readFile(target, 'utf8')).not.toMatch(/oken|ecret/)
    expect((await readdir(machine.home)).sort()).toEqual(['.config', 'dotfiles.json'])
  })

  test.each<[string, () => Promise<unknown>]>([
    ['it is a link that leads nowhere', () => symlink(join(folder, 'nothing'), path)],
    ['it is not a file', () => mkdir(path)],
    ['it is not a file', () => promisify(execFile)('mkfifo', [path])],
    ['it is not a file', () => symlink(folder, path)],
  ])('%s: is refused, by a login before anyone is asked', async (reason, make) => {
    const url = await signIn()
    await rm(path)
    await make()
    const refused = {
      exitCode: 5,
      stdout: '',
      stderr: expect.stringContaining(`photos: the profile in ${path} cannot be read: ${reason}\n`),
    }
    for (const commandLine of [['whoami'], ['ls'], ['logout'], ['login', url], ['login']]) {
      expect(await machine.photos(commandLine, { clock: { delay } })).toEqual(refused)
    }
  })

  test.each(['javascript:alert(1)', 'file:///etc/passwd', 'photos.example.com'])('of %s is damaged', async (url) => {
    await signIn()
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.replace(/"url": "[^"]*"/, `"url": "${url}"`))
    expect(await machine.photos(['whoami'])).toMatchObject({ exitCode: 12, stderr: expect.stringContaining('is damaged') })
  })
})
