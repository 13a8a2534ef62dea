import { createHash } from 'node:crypto'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { allParts, fileBytes, newCard, partBytes, type Workbench, workbench } from './parts-workbench.ts'
import type { PhotosUser, RunningPhotos } from './photos-process.ts'
import type { WatchedRequest } from './watched-wire.ts'

const transfers = 2
/** A run never gets there: so many points would mean that one of them never ends. */
const mostPoints = 60
const preloaded = new URL('kill-at-step.mjs', import.meta.url).href

function startSync({ user }: Workbench, folder: string, environment: Record<string, string> = {}): RunningPhotos {
  return user.start(['sync', folder, '--library', user.library, '--transfers', String(transfers), '-q'], {
    environment,
  })
}

/** The run after the killed one ends it, and sends nothing again that the remote had said it has. */
async function requireContinued(
  bench: Workbench,
  { folder, contentHash }: { folder: string; contentHash: string },
  point: string,
) {
  const { user, wire, passed } = bench
  await wire.idle()
  const storedBefore = [...passed.storedParts]
  const isBegun = storedBefore.length > 0 && !(await isStored(user, contentHash))
  const begun = await readJournal(user)
  if (isBegun && storedBefore.length < allParts.length)
    expect(begun, point).toMatchObject([{ contentHash, sizeBytes: fileBytes }])

  const again = await user.here('sync', folder, '--library', user.library, '-q')
  expect(again, point).toEqual({ exitCode: 0, stdout: '', stderr: expect.not.stringContaining('failed') })
  expect(passed.storedParts.toSorted(), point).toEqual(allParts) // each one once: none was sent that was there
  // What was under way when it was killed.
  expect(passed.sentBytes - fileBytes, point).toBeLessThanOrEqual(partBytes * transfers)
  expect(await isStored(user, contentHash), point).toBe(true)
  expect(await readJournal(user), point).toEqual([])
  expect(await unfinishedUploads(user), point).toEqual([])
}

async function isStored({ library }: PhotosUser, contentHash: string): Promise<boolean> {
  const originals = join(library, 'originals')
  for (const path of await readdir(originals, { recursive: true }).catch(() => [])) {
    if (!path.includes(contentHash)) continue
    const bytes = await readFile(join(originals, path))
    return createHash('sha256').update(bytes).digest('hex') === contentHash
  }
  return false
}

async function unfinishedUploads({ library }: PhotosUser): Promise<readonly string[]> {
  return await readdir(join(library, '.photos', 's3', 'parts'))
}

async function readJournal({ folder }: PhotosUser): Promise<unknown> {
  const state = join(folder, 'state', 'photos')
  const name = (await readdir(state).catch(() => [])).find((entry) => entry.endsWith('-uploads.json'))
  return name === undefined ? [] : JSON.parse(await readFile(join(state, name), 'utf8'))
}

test('SIGKILL before every step of the journal and of what is remembered', { timeout: 300_000 }, async () => {
  const bench = await workbench()
  const { user } = bench
  const trace = join(user.folder, 'steps')
  for (let point = 1; ; point += 1) {
    expect(point).toBeLessThan(mostPoints)
    const card = await newCard(bench, `step-${point}`)
    await writeFile(trace, '')
    const environment = {
      NODE_OPTIONS: `--import=${preloaded}`,
      PHOTOS_TEST_KILL_AT_STEP: String(point),
      PHOTOS_TEST_STEPS: trace,
    }
    const { exitCode } = await startSync(bench, card.folder, environment).finished
    const steps = (await readFile(trace, 'utf8')).trimEnd().split('\n')
    await requireContinued(bench, card, `step ${point}, ${steps.at(-1)}`)
    if (exitCode === null) {
      expect(steps.length).toBe(point)
      continue
    }
    expect([exitCode, steps.length]).toEqual([0, point - 1]) // before each of these steps it was killed once
    expect(steps.filter(isOfTheJournal)).toEqual([...durableReplacement, ...durableReplacement])
    return expect(steps).toContain('after what is remembered')
  }
})

const durableReplacement = [
  'open journal',
  'write journal',
  'sync journal',
  'rename journal',
  'open folder',
  'sync folder',
  'after the journal',
]
/** What else is remembered of a file, and when, is not the journal's business. */
const isOfTheJournal = (step: string): boolean => !step.endsWith('what is remembered')

type Moment = 'before' | 'answered'

/** A run that is killed at the first request that is meant, where there is one. */
async function syncKilledAt(bench: Workbench, folder: string, moment: Moment, isMeant: (request: WatchedRequest) => boolean) {
  const { watching } = bench
  const running = startSync(bench, folder)
  let killed: string | undefined
  watching[moment] = async (request) => {
    if (killed !== undefined || !isMeant(request)) return 'pass'
    killed = nameOf(request)
    running.child.kill('SIGKILL')
    await running.finished
    return 'drop'
  }
  const { exitCode } = await running.finished
  watching[moment] = async () => 'pass'
  await bench.wire.idle()
  return { exitCode, killed }
}

const isOfTheProtocol = ({ method, path }: WatchedRequest): boolean =>
  method === 'PUT' || path.startsWith('/v1/uploads') || path === '/v1/photos/confirm'

const nameOf = ({ method, path, partNumber }: WatchedRequest): string =>
  partNumber === undefined ? `${method} ${path}` : `part ${partNumber}`

const signing = 'POST /v1/uploads/parts'
const wholeUpload = [
  'POST /v1/photos/confirm',
  'POST /v1/photos/confirm',
  'POST /v1/uploads',
  'POST /v1/uploads/complete',
  ...allParts.map((partNumber) => `part ${partNumber}`),
]

test.each(['before', 'answered'] as const)(
  'SIGKILL at every request of an upload in parts: %s',
  { timeout: 300_000 },
  async (moment) => {
    const bench = await workbench()
    for (let point = 1; ; point += 1) {
      expect(point).toBeLessThan(mostPoints)
      const card = await newCard(bench, `${moment}-${point}`)
      const requests: string[] = []
      const isMeant = (request: WatchedRequest): boolean => isOfTheProtocol(request) && requests.push(nameOf(request)) === point
      const { exitCode, killed } = await syncKilledAt(bench, card.folder, moment, isMeant)
      await requireContinued(bench, card, `request ${point}, ${killed}`)
      if (exitCode === null) continue
      expect({ exitCode, killed }).toEqual({ exitCode: 0, killed: undefined })
      expect(requests.length).toBe(point - 1) // at each of these requests it was killed once
      // How many parts are signed at once depends on how soon they are read.
      return expect(requests.filter((name) => name !== signing).toSorted()).toEqual(wholeUpload)
    }
  },
)

test.each(['before', 'answered'] as const)('SIGKILL while an upload is given up: %s', async (moment) => {
  const bench = await workbench()
  const { user } = bench
  const { folder } = await newCard(bench, moment)
  await syncKilledAt(bench, folder, 'before', ({ partNumber }) => partNumber !== undefined)
  expect(await unfinishedUploads(user)).toHaveLength(1)
  await rename(join(folder, 'MVI_1.MOV'), join(user.folder, 'elsewhere.MOV'))
  await writeFile(join(folder, 'IMG_1.JPG'), 'another one, so that the folder is not empty')

  const { exitCode, killed } = await syncKilledAt(bench, folder, moment, ({ path }) => path === '/v1/uploads/abandon')
  expect({ exitCode, killed }).toEqual({ exitCode: null, killed: 'POST /v1/uploads/abandon' })
  expect(await readJournal(user)).toHaveLength(1)
  expect(await user.here('sync', folder, '--library', user.library, '-q')).toMatchObject({ exitCode: 0 })
  expect(await readJournal(user)).toEqual([])
  expect(await unfinishedUploads(user)).toEqual([])
})
