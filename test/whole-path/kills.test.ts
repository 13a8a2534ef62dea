import { randomBytes } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { findLastingPort } from './lasting-port.ts'
import { requireBackedUp, requireWholeFiles } from './library-checks.ts'
import { followProgress, isMeasurable, killAt, type Progress, randomMoment, readProgress, seededRandom } from './moments.ts'
import { listPhotos, type PhotosUser, photosUser, type RunningPhotos } from './photos-process.ts'
import { writeTree } from './tree.ts'

const kills = 3
const mostRuns = 40
const seed = Number(process.env['PHOTOS_TEST_SEED'] ?? randomBytes(4).readUInt32LE())

describe.skipIf(!isMeasurable)(`kill -9 at random moments (PHOTOS_TEST_SEED=${seed})`, { timeout: 300_000 }, () => {
  test('of the command, with the library in its own process', async () => {
    const random = seededRandom(seed)
    const user = await photosUser()
    const folder = join(user.folder, 'camera')
    await writeTree(folder, await makeFiles())
    const whole = await measureSync(user, folder)

    for (let killed = 0, runs = 0; killed < kills; runs += 1) {
      expect(runs).toBeLessThan(mostRuns)
      const running = user.start(['sync', folder, '--library', user.library])
      if (await killAt(running.child, randomMoment(whole, random, 0.5))) {
        killed += 1
        await running.finished
        await requireWholeFiles(user.library)
      } else {
        expect(await running.finished).toMatchObject({ exitCode: 0 })
        await requireEverything(user, folder)
        await startAnew(user, runs)
      }
    }
    expect(await user.photos('sync', folder, '--library', user.library)).toMatchObject({ exitCode: 0 })
    await requireEverything(user, folder)
  })

  test('of the backend, in a process of its own, while a sync goes on', async () => {
    const random = seededRandom(seed + 1)
    const user = await photosUser()
    const folder = join(user.folder, 'camera')
    await writeTree(folder, await makeFiles())
    const listen = ['--listen', `127.0.0.1:${await findLastingPort()}`]
    const serve = (): RunningPhotos => user.start(['serve', '--library', user.library, ...listen])
    const whole = await measureServe(user, folder, serve)

    for (let killed = 0, runs = 0; killed < kills; runs += 1) {
      expect(runs).toBeLessThan(mostRuns)
      let serving = serve()
      await serving.saying(/serving/)
      const syncing = user.start(['sync', folder, '--library', user.library])
      const isOver = (): boolean => syncing.child.exitCode !== null
      while (killed < kills && (await killAt(serving.child, randomMoment(whole, random, 0.3), isOver))) {
        killed += 1
        await serving.finished
        await requireWholeFiles(user.library)
        serving = serve()
      }
      const { exitCode, stderr } = await syncing.finished
      expect([0, 3, 5], stderr).toContain(exitCode)
      serving.child.kill('SIGTERM')
      await serving.finished
      if (exitCode !== 0) expect(await user.photos('sync', folder, '--library', user.library)).toMatchObject({ exitCode: 0 })
      await requireEverything(user, folder)
      await startAnew(user, runs)
    }
  })
})

/** Photos, videos that go up in one piece, duplicates, and one that goes up in parts. */
async function makeFiles(): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {}
  for (let index = 0; index < 12; index += 1) {
    const background = { r: index * 20, g: 255 - index * 20, b: 99 }
    const photo = sharp({ create: { width: 320, height: 240, channels: 3, background } }).jpeg()
    files[`100CANON/IMG_${index}.JPG`] = await photo.toBuffer()
  }
  for (let index = 0; index < 12; index += 1) files[`clips/MVI_${index}.MP4`] = randomBytes(40_000 * (index + 1))
  for (let index = 0; index < 4; index += 1) files[`copies/${index}.JPG`] = files[`100CANON/IMG_${index}.JPG`] ?? Buffer.of()
  files['large/MVI_0100.MOV'] = randomBytes(70e6)
  return files
}

async function requireEverything(user: PhotosUser, folder: string): Promise<void> {
  await requireBackedUp(user, folder)
  const shown = (await listPhotos(user)).filter(({ content_type }) => content_type === 'image/jpeg')
  const reasons = shown.map(({ reason, renditions }) => ({ reason, renditions: renditions.length }))
  expect(reasons).toEqual(shown.map(() => ({ reason: null, renditions: 2 })))
}

/** What an undisturbed run does from its start to its end. */
async function measureSync(user: PhotosUser, folder: string): Promise<Progress> {
  const running = user.start(['sync', folder, '--library', user.library])
  const whole = await followProgress(running.child)
  expect(await running.finished).toMatchObject({ exitCode: 0 })
  await startAnew(user, -1)
  return whole
}

async function measureServe(user: PhotosUser, folder: string, serve: () => RunningPhotos): Promise<Progress> {
  const serving = serve()
  await serving.saying(/serving/)
  expect(await user.photos('sync', folder, '--library', user.library)).toMatchObject({ exitCode: 0 })
  const whole = (await readProgress(serving.child.pid)) ?? { bytes: 0, calls: 0 }
  serving.child.kill('SIGTERM')
  expect(await serving.finished).toMatchObject({ exitCode: 143 })
  await startAnew(user, -1)
  return whole
}

/** The next run finds no library. What is remembered of the old one belongs to that one alone. */
async function startAnew(user: PhotosUser, run: number): Promise<void> {
  await rename(user.library, `${user.library}-of-run-${run}`)
  // As the message says who takes a library away on purpose.
  await rm(join(user.folder, 'state', 'photos', 'libraries'), { recursive: true })
}
