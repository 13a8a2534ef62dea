import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hastyClock } from './hasty-clock.ts'
import { requireBackedUp, requireWholeFiles } from './library-checks.ts'
import { outcomesOf, type PhotosUser, photosUser, summaryOf } from './photos-process.ts'
import { listTree, readTree, writeTree } from './tree.ts'
import { clips, wired } from './wired.ts'

const run = promisify(execFile)
const mebibyte = 2 ** 20

const canMount = await isMountable()
if (!canMount) process.stderr.write('no right to mount a small file system: the tests of full disks are skipped\n')

describe.skipIf(!canMount)('a full disk', { timeout: 120_000 }, () => {
  test('under the folder that is pulled into: nothing half-written, and the next pull completes', async () => {
    const user = await photosUser()
    const folder = join(user.folder, 'camera')
    const original = (): Buffer => randomBytes(3 * mebibyte)
    await writeTree(folder, { 'a.MP4': original(), 'b.MP4': original(), 'c.MP4': original(), 'd.MP4': original() })
    expect(await user.here('sync', folder, '--library', user.library, '-q')).toMatchObject({ exitCode: 0 })

    const to = await mountDisk(user, 8 * mebibyte)
    const finished = await user.here('pull', '--to', to, '--library', user.library)
    expect(finished).toMatchObject({ exitCode: 3 })
    expect(finished.stderr).toContain(`photos: no space left in ${to}\n  make room and run the same command again`)
    const tree = await readTree(folder)
    for (const [path, file] of await readTree(join(to, 'camera'))) expect([path, file]).toEqual([path, tree.get(path)])
    expect((await listTree(to)).filter((path) => !path.startsWith('camera/'))).toEqual([])

    await resize(to, 64 * mebibyte)
    expect(await user.here('pull', '--to', to, '--library', user.library)).toMatchObject({ exitCode: 0 })
    expect(await readTree(join(to, 'camera'))).toEqual(tree)
  })

  test('under the folder that free-up moves into: every file is whole, and the next run goes on', async () => {
    const user = await photosUser()
    const folder = join(user.folder, 'camera')
    await writeTree(folder, { 'a.MP4': randomBytes(3 * mebibyte), 'b.MP4': randomBytes(3 * mebibyte) })
    const tree = await readTree(folder)
    const at = ['--library', user.library]
    expect(await user.here('sync', folder, ...at, '-q')).toMatchObject({ exitCode: 0 })

    const to = await mountDisk(user, 5 * mebibyte)
    const finished = await user.here('free-up', folder, '--to', to, ...at)
    expect(finished).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining(`photos: no space left in ${to}\n  make room`),
    })
    expect(await readTree(join(to, 'camera'))).toEqual(new Map([...tree].slice(0, 1)))
    expect(await readTree(folder)).toEqual(new Map([...tree].slice(1)))

    await resize(to, 64 * mebibyte)
    expect(await user.here('free-up', folder, '--to', to, ...at, '-q')).toMatchObject({ exitCode: 0 })
    expect(await readTree(join(to, 'camera'))).toEqual(tree)
  })

  test('under a library from the start: every file is named, and nothing is begun', async () => {
    const user = await photosUser()
    const folder = join(user.folder, 'camera')
    await writeTree(folder, clips(3))
    const disk = await mountDisk(user, 30 * mebibyte)
    const finished = await user.here('sync', folder, '--library', join(disk, 'library'), '--json')
    expect(summaryOf(finished)).toMatchObject({ uploaded: 0, failed: 3, exit_code: 3 })
    for (const { reason } of outcomesOf(finished))
      expect(reason).toMatch(/the remote takes at most|the library's disk is too full/)

    await resize(disk, 2048 * mebibyte)
    expect(await user.here('sync', folder, '--library', join(disk, 'library'), '-q')).toMatchObject({ exitCode: 0 })
  })

  test('under a library, of a sudden: files are named, nothing is half-written, and the next run completes', async () => {
    const disk = await mountDisk(await photosUser(), 1200 * mebibyte)
    let filling: Promise<unknown> | undefined
    // Room for what the index writes, and for none of the originals.
    const fill = async () => {
      const { blocks, bfree, bsize } = await statfs(disk)
      await resize(disk, (blocks - bfree) * bsize + 2 * mebibyte)
    }
    const files = Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`${index}.MP4`, randomBytes(3 * mebibyte)]))
    const fillAtUpload = async ({ isUpload }: { readonly isUpload: boolean }) => {
      if (isUpload) filling ??= fill()
      await filling
      return undefined
    }
    const { user, folder, whenIdle } = await wired(files, fillAtUpload, { folder: join(disk, 'library') })
    const clock = hastyClock({ whenIdle })
    const sync = () => user.hereIn({ clock }, 'sync', folder, '--library', user.library, '--json')
    const finished = await sync()
    const { uploaded = 0, failed } = summaryOf(finished)
    expect({ uploaded, failed, exitCode: finished.exitCode }).toEqual({ uploaded: 0, failed: 4, exitCode: 3 })
    for (const { reason } of outcomesOf(finished))
      expect(reason).toMatch(/the disk of the library is full|the remote takes at most|the library's disk is too full/)
    await requireWholeFiles(user.library)

    await resize(disk, 1200 * mebibyte)
    expect(summaryOf(await sync())).toMatchObject({ failed: 0, exit_code: 0 })
    await requireBackedUp(user, folder)
  })
})

async function mountDisk({ folder }: PhotosUser, sizeBytes: number): Promise<string> {
  const disk = join(folder, 'disk')
  await mkdir(disk)
  await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'photos-test', disk])
  onTestFinished(async () => {
    await run('umount', ['-l', disk])
  })
  return disk
}

/** Not below what is on it. */
async function resize(disk: string, sizeBytes: number): Promise<void> {
  await run('mount', ['-o', `remount,size=${sizeBytes}`, disk])
}

async function isMountable(): Promise<boolean> {
  try {
    await run('unshare', ['-m', 'mount', '-t', 'tmpfs', 'photos-test', '/mnt'])
    return true
  } catch {
    return false
  }
}
