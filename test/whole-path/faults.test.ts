import { randomBytes } from 'node:crypto'
import { appendFile, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { libraryPaths } from '../../embedded/library.ts'
import { openQueueStore } from '../../embedded/queue-store.ts'
import { announceServing } from '../../embedded/serving.ts'
import { hastyClock } from './hasty-clock.ts'
import { findLastingPort } from './lasting-port.ts'
import { requireBackedUp, requireWholeFiles } from './library-checks.ts'
import { isMeasurable, readProgress } from './moments.ts'
import { outcomesOf, photosUser, summaryOf } from './photos-process.ts'
import { writeTree } from './tree.ts'
import { clips, partBytes, uploadSizes, type Wired, wired } from './wired.ts'

test('a file that changes between hash and upload is named, and stored by the next run', async () => {
  const change = once((file) => writeFile(file, randomBytes(200_000)))
  const { user, folder, sync } = await wired({ 'changing.MP4': randomBytes(200_000) }, async ({ path }) => {
    if (path === '/v1/uploads') await change(join(folder, 'changing.MP4'))
    return undefined
  })
  await requireNamedThenStored({ user, folder, sync }, 'changing.MP4', 'uploaded')
})

test('a file whose bytes change while its modification time stays is never stored under the wrong hash', async () => {
  const change = once(async (file) => {
    await writeFile(file, randomBytes(200_000))
    await utimes(file, 1_500_000_000, 1_500_000_000)
  })
  const { user, folder, sync } = await wired({ 'changing.MP4': randomBytes(200_000) }, async ({ path }) => {
    if (path === '/v1/uploads') await change(join(folder, 'changing.MP4'))
    return undefined
  })
  await requireNamedThenStored({ user, folder, sync }, 'changing.MP4', 'uploaded')
})

test('a file that changes while its parts go up is named, and stored by the next run', async () => {
  let parts = 0
  const change = once((file) => appendFile(file, 'more'))
  const changeLate = async ({ isUpload }: { readonly isUpload: boolean }) => {
    if (isUpload && ++parts > 2) await change(join(folder, 'large.MOV'))
    return undefined
  }
  const { user, folder, sync } = await wired({ 'large.MOV': randomBytes(2.5 * partBytes) }, changeLate, { uploadSizes })
  await requireNamedThenStored({ user, folder, sync }, 'large.MOV', 'uploaded')
})

test.skipIf(!isMeasurable)('a file that changes while it is hashed is named, and stored by the next run', async () => {
  const user = await photosUser()
  const folder = join(user.folder, 'camera')
  await writeTree(folder, clips(2))
  const file = join(folder, 'growing.MOV')
  // A hole costs no disk, and takes many reads to hash: between two of them it changes.
  await writeFile(file, '')
  await truncate(file, 300e6)
  const sync = () => user.here('sync', folder, '--library', user.library, '--json')
  const change = async (): Promise<void> => {
    const begunAt = readBytes()
    while (readBytes() < begunAt + 50e6) await setImmediate()
    await truncate(file, 100_000)
  }
  let runs = 0
  const syncChanging = async () => (runs++ === 0 ? (await Promise.all([sync(), change()]))[0] : await sync())
  await requireNamedThenStored({ user, folder, sync: syncChanging }, 'growing.MOV', 'read', 2)
})

/** By this process, of whatever. */
function readBytes(): number {
  return readProgress(process.pid)?.bytes ?? Number.NaN
}

async function requireNamedThenStored(
  { user, folder, sync }: Pick<Wired, 'user' | 'folder' | 'sync'>,
  name: string,
  during: 'read' | 'uploaded',
  others = 0,
) {
  const finished = await sync()
  expect(summaryOf(finished)).toMatchObject({ uploaded: others, failed: 1, exit_code: 3 })
  expect(outcomesOf(finished).filter(({ action }) => action === 'failed')).toMatchObject([
    { path: join(folder, name), reason: `changed while it was ${during}; run again` },
  ])
  await requireWholeFiles(user.library)
  expect(summaryOf(await sync())).toMatchObject({ uploaded: 1, already_stored: others, failed: 0, exit_code: 0 })
  await requireBackedUp(user, folder)
}

/** Does it the first time only. */
function once(change: (file: string) => Promise<void>): (file: string) => Promise<void> {
  let changed: Promise<void> | undefined
  return (file) => {
    changed ??= change(file)
    return changed
  }
}

test('nobody answers at the remote: exit code 5 and what to do', async () => {
  const { user, folder, closeBackend } = await wired(clips(1), () => undefined)
  // The lock of a library whose process no longer answers is still held; here by the test.
  const gone = await openQueueStoreOf(user.library, closeBackend)
  const finished = await user.hereIn({ clock: hastyClock() }, 'sync', folder, '--library', user.library, '--json')
  await gone.close()
  expect(finished).toMatchObject({ exitCode: 5, stdout: expect.stringContaining('"exit_code":5') })
  expect(finished.stderr).toMatch(/^photos: .+\n {2}.+\n$/)
})

/** Closes the backend, and holds the library open without one. */
async function openQueueStoreOf(library: string, closeBackend: () => Promise<void>) {
  await closeBackend()
  const store = await openQueueStore(libraryPaths(library).queue)
  await announceServing(library, `http://127.0.0.1:${await findLastingPort()}`)
  return store
}
