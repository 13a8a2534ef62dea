import { randomBytes } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { serveInTest } from '../embedded/serve-in-test.ts'
import { chosenSeed } from './chosen-seed.ts'
import { findLastingPort } from './lasting-port.ts'
import { requireBackedUp, requireWholeFiles } from './library-checks.ts'
import { followProgress, isMeasurable, killAt, type Progress, randomMoment, readProgress, seededRandom } from './moments.ts'
import { listPhotos, type PhotosUser, photosUser, type RunningPhotos } from './photos-process.ts'
import { writeTree } from './tree.ts'

const kills = 3
const mostRuns = 40
/** What an undisturbed run does with the files below, measured; where it is less, a run is not killed, and begins anew. */
const wholeSync: Progress = { bytes: 1000e6, calls: 9_000 }
const wholeServe: Progress = { bytes: 800e6, calls: 11_000 }
const seed = chosenSeed('random')

describe.skipIf(!isMeasurable)(`kill -9 at random moments (PHOTOS_TEST_SEED=${seed})`, { timeout: 300_000 }, () => {
  test('of the command, with the library in its own process', async () => {
    const random = seededRandom(seed)
    const user = await photosUser()
    const folder = join(user.folder, 'camera')
    await writeTree(folder, await makeFiles())

    for (let killed = 0, runs = 0; killed < kills; runs += 1) {
      expect(runs).toBeLessThan(mostRuns)
      const running = user.start(['sync', folder, '--library', user.library])
      if (await killAt(running.child, randomMoment(wholeSync, random, 0.5))) {
        killed += 1
        await running.finished
        await requireWholeFiles(user.library)
      } else {
        expect(await running.finished).toMatchObject({ exitCode: 0 })
        await requireEverythingHere(user, folder)
        await startAnew(user, runs)
      }
    }
    const last = user.start(['sync', folder, '--library', user.library])
    requireAsMeasured(await followProgress(last.child), wholeSync)
    expect(await last.finished).toMatchObject({ exitCode: 0 })
    await requireEverythingHere(user, folder)
  })

  test('of the backend, in a process of its own, while a sync goes on', async () => {
    const random = seededRandom(seed + 1)
    const user = await photosUser()
    const folder = join(user.folder, 'camera')
    await writeTree(folder, await makeFiles())
    const listen = ['--listen', `127.0.0.1:${await findLastingPort()}`]
    const serve = (): RunningPhotos => user.start(['serve', '--library', user.library, ...listen])

    for (let killed = 0, runs = 0; killed < kills; runs += 1) {
      expect(runs).toBeLessThan(mostRuns)
      let serving = serve()
      await serving.saying(/serving/)
      let isOver = false
      const sync = () => user.hereIn({ clock: {} }, 'sync', folder, '--library', user.library)
      const syncing = sync().finally(() => {
        isOver = true
      })
      while (killed < kills && (await killAt(serving.child, randomMoment(wholeServe, random, 0.3), () => isOver))) {
        killed += 1
        await serving.finished
        await requireWholeFiles(user.library)
        serving = serve()
      }
      const { exitCode, stderr } = await syncing
      expect([0, 3, 5], stderr).toContain(exitCode)
      // A sync that finds nobody opens the library itself, and no other process can then.
      serving = await serving.saying(/serving/).then(() => serving, serve)
      await serving.saying(/serving/)
      if (exitCode !== 0) expect(await sync()).toMatchObject({ exitCode: 0 })
      requireAsMeasured(readProgress(serving.child.pid), wholeServe)
      await requireEverything(user, folder)
      serving.child.kill('SIGTERM')
      await serving.finished
      await startAnew(user, runs)
    }
  })
})

/** Photos, videos that go up in one piece, duplicates, and one that goes up in parts. */
async function makeFiles(): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {}
  for (let index = 0; index < 6; index += 1) {
    const background = { r: index * 20, g: 255 - index * 20, b: 99 }
    const photo = sharp({ create: { width: 320, height: 240, channels: 3, background } }).jpeg()
    files[`100CANON/IMG_${index}.JPG`] = await photo.toBuffer()
  }
  for (let index = 0; index < 6; index += 1) files[`clips/MVI_${index}.MP4`] = randomBytes(40_000 * (index + 1))
  for (let index = 0; index < 2; index += 1) files[`copies/${index}.JPG`] = files[`100CANON/IMG_${index}.JPG`] ?? Buffer.of()
  files['large/MVI_0100.MOV'] = randomBytes(68e6)
  return files
}

/** With the library opened once for all questions. */
async function requireEverythingHere(user: PhotosUser, folder: string): Promise<void> {
  const backend = await serveInTest(user.library)
  await requireEverything(user, folder)
  await backend.close()
}

async function requireEverything(user: PhotosUser, folder: string): Promise<void> {
  await requireBackedUp(user, folder)
  const shown = (await listPhotos(user)).filter(({ content_type }) => content_type === 'image/jpeg')
  const reasons = shown.map(({ reason, renditions }) => ({ reason, renditions: renditions.length }))
  expect(reasons).toEqual(shown.map(() => ({ reason: null, renditions: 2 })))
}

/** Where it is much more by now, all kills come early in the work. */
function requireAsMeasured(progress: Progress | undefined, whole: Progress): void {
  expect(progress?.bytes).toBeLessThan(2 * whole.bytes)
}

/** The next run finds no library. What is remembered of the old one belongs to that one alone. */
async function startAnew(user: PhotosUser, run: number): Promise<void> {
  await rename(user.library, `${user.library}-of-run-${run}`)
  // As the message says who takes a library away on purpose.
  await rm(join(user.folder, 'state', 'photos', 'libraries'), { recursive: true })
}
