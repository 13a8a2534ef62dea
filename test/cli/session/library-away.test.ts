import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../temporary-folder.ts'
import { photosUser } from '../../whole-path/photos-process.ts'

/** A user with a library on a disk, and what that disk is like when it is away: its mount point is an empty folder. */
async function userWithDisk() {
  const [user, photos] = [await photosUser(), await temporaryFolder()]
  const disk = join(user.folder, 'disk')
  const library = join(disk, 'library')
  await mkdir(disk)
  await writeFile(join(photos, 'a.mp4'), 'a')
  return {
    user,
    photos,
    library,
    sync: (...flags: readonly string[]) => user.here('sync', ...flags, '--library', library, photos),
    async unmount() {
      await rename(disk, `${disk}-elsewhere`)
      await mkdir(disk)
    },
    async mount() {
      await rm(disk, { recursive: true })
      await rename(`${disk}-elsewhere`, disk)
    },
  }
}

const gone = (library: string) => ({
  exitCode: 5,
  stderr: expect.stringMatching(`the library ${library} is gone(.|\n)*is its disk mounted\\?`),
})

test('a library that is gone since it was backed up to is told, and no new one is made in its place', async () => {
  const { user, photos, library, sync, mount, unmount } = await userWithDisk()
  expect(await sync()).toMatchObject({ exitCode: 0 })
  await unmount()
  expect(await sync('--quiet')).toMatchObject(gone(library))
  expect(await sync('--dry-run')).toMatchObject(gone(library))
  for (const command of ['ls', 'serve']) expect(await user.here(command, '--library', library)).toMatchObject(gone(library))
  expect(existsSync(library)).toBe(false)
  await mount()
  expect(await sync('--verbose')).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining(`already stored: ${photos}/a.mp4`),
  })
})

test('a new one is made in its place by who says so', async () => {
  const { sync, library, unmount } = await userWithDisk()
  await sync()
  await unmount()
  const memory = /rm (\S+)/.exec((await sync()).stderr)?.[1] ?? ''
  await rm(memory)
  expect(await sync()).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(`made a new library in ${library}\n`) })
})

test('the default library, too', async () => {
  const [user, photos] = [await photosUser(), await temporaryFolder()]
  await user.here('sync', photos)
  await rm(join(user.folder, 'data'), { recursive: true })
  expect(await user.here('sync', photos)).toMatchObject(gone(join(user.folder, 'data/photos/library')))
})

test('that a default library is made is said also to who wants to hear of nothing, and once', async () => {
  const [user, photos] = [await photosUser(), await temporaryFolder()]
  const library = join(user.folder, 'data/photos/library')
  expect(await user.here('sync', '--quiet', photos)).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining(`made a new library in ${library}`),
  })
  expect(await user.here('sync', '--quiet', photos)).toMatchObject({ exitCode: 0, stderr: '' })
  const named = join(user.folder, 'named')
  expect(await user.here('sync', '--quiet', '--library', named, photos)).toMatchObject({ exitCode: 0, stderr: '' })
})

test('a watch says so, and goes on when it is back', async () => {
  const { user, photos, library, sync, mount, unmount } = await userWithDisk()
  await sync()
  await unmount()
  const watching = user.start(['watch', '--library', library, photos])
  await watching.saying(/is gone: .+ it is tried again until it works/, 'stderr')
  await mount()
  await watching.saying(/already stored 1/)
  watching.child.kill('SIGTERM')
  expect(await watching.finished).toMatchObject({ exitCode: 143 })
})
