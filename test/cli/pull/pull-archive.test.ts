import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type PullOptions, pull } from '../../../cli/pull/pull.ts'
import { openHttpRemote } from '../../../cli/remote/http-remote.ts'
import type { Remote } from '../../../cli/remote/remote.ts'
import { type LibraryInTest, openLibraryInTest, sessionOf } from '../../embedded/library-in-test.ts'
import { type SeenRequest, watchRequests } from '../../embedded/watch-requests.ts'
import { begin, type OriginalInTest, randomOriginal, store } from '../../lambda/originals-in-test.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { transportInTest } from '../remote/scripted-server.ts'

const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs

/** A library whose originals are archived, and a client of it. Their clocks go together, and only when they are told to. */
async function openArchive(storageClass = 'DEEP_ARCHIVE') {
  const folder = await temporaryFolder()
  const clock = { ms: Date.now() }
  const now = () => new Date(clock.ms)
  const library = await openLibraryInTest(folder, { now, variables: { PHOTOS_STORAGE_CLASS: storageClass } })
  return { folder, library, clock, now, ...(await clientOf(library, now)) }
}

async function clientOf(library: LibraryInTest, now: () => Date) {
  const { transport } = transportInTest({ clock: { now: () => now().getTime() } })
  const session = await sessionOf(library.session.owner, library, now)
  const remote = await openHttpRemote({ url: library.backend.url, session, transport })
  const seen = watchRequests(library.backend.url)
  const pullTo = (to: string, options: Partial<PullOptions> = {}) =>
    run({ remote, transport, range: {}, to, transfers: 4, ...options })
  return { remote, seen, pullTo }
}

async function run(options: PullOptions) {
  const actions: Record<string, number> = {}
  const notes: string[] = []
  const readyBy = new Set<string>()
  let bytesCounted = 0
  for await (const event of pull(options)) {
    if (event.kind === 'note') notes.push(event.message)
    if (event.kind !== 'file') continue
    const { action, thaw, reason, sizeBytes, movesNoBytes } = event.outcome
    if (!movesNoBytes) bytesCounted += sizeBytes
    const name = action === 'failed' ? `failed: ${reason}` : thaw?.isNew ? 'thaw asked for' : action
    actions[name] = (actions[name] ?? 0) + 1
    if (thaw) readyBy.add(thaw.readyBy.toISOString())
  }
  return { actions, notes, readyBy: [...readyBy], bytesCounted }
}

async function storeSome(library: LibraryInTest, count: number): Promise<readonly OriginalInTest[]> {
  const originals = Array.from({ length: count }, () => randomOriginal(300))
  for (const original of originals) await store(library, original)
  return originals
}

/** What was asked of originals in the storage, by method. */
function counted(seen: readonly SeenRequest[], method: string): number {
  return seen.filter(({ name }) => name.startsWith(`${method} /photos-storage/originals/`)).length
}

test('a pull has archived originals thawed, once; comes back to them; brings them; and asks anew when they froze again', async () => {
  const { library, clock, seen, pullTo } = await openArchive()
  const originals = await storeSome(library, 6)
  const to = await temporaryFolder()

  const first = await pullTo(to)
  expect(first.actions).toEqual({ 'thaw asked for': 6 })
  expect(first.notes).toEqual([
    'originals lie in the archive: their bulk thaw is asked for, which takes up to 48 hours, costs a little, and lasts 7 days',
  ])
  expect(first.readyBy).toEqual([new Date(clock.ms + 48 * hourMs).toISOString()])
  expect(counted(seen, 'POST')).toBe(6)

  clock.ms += 47 * hourMs
  const second = await pullTo(to)
  expect([second.actions, second.notes]).toEqual([{ thawing: 6 }, []])
  expect(counted(seen, 'POST')).toBe(6)

  clock.ms += hourMs
  expect((await pullTo(to)).actions).toEqual({ pulled: 6 })
  for (const { bytes, candidate } of originals) {
    expect((await readFile(join(to, `${candidate.contentHash}.mp4`))).equals(bytes)).toBe(true)
  }
  expect((await pullTo(to)).actions).toEqual({ unchanged: 6 })

  clock.ms += 8 * dayMs
  expect((await pullTo(await temporaryFolder())).actions).toEqual({ 'thaw asked for': 6 })
  expect(counted(seen, 'POST')).toBe(12)
})

test('what thaws between being refused and being looked at is pulled by the same run', async () => {
  const { library, clock, remote, seen, pullTo } = await openArchive()
  await storeSome(library, 1)
  const to = await temporaryFolder()
  await pullTo(to)
  clock.ms += 48 * hourMs - 1
  const signThaw: Remote['signThaw'] = (...call) => {
    clock.ms += 1
    return remote.signThaw(...call)
  }
  expect((await pullTo(to, { remote: { ...remote, signThaw } })).actions).toEqual({ pulled: 1 })
  expect(counted(seen, 'POST')).toBe(1)
})

test('a standard thaw is there after 12 hours, and stays as many days as it was asked for', async () => {
  const { library, clock, pullTo } = await openArchive()
  await storeSome(library, 1)
  const thaw = { tier: 'standard', days: 30 } as const
  const { readyBy } = await pullTo(await temporaryFolder(), { thaw })
  expect(readyBy).toEqual([new Date(clock.ms + 12 * hourMs).toISOString()])
  clock.ms += 12 * hourMs
  expect((await pullTo(await temporaryFolder())).actions).toEqual({ pulled: 1 })
  clock.ms += 30 * dayMs
  expect((await pullTo(await temporaryFolder())).actions).toEqual({ pulled: 1 })
  clock.ms += dayMs
  expect((await pullTo(await temporaryFolder())).actions).toEqual({ 'thaw asked for': 1 })
})

test('a dry run asks for no thaw, and says what would have to thaw, what thaws, and what could be pulled', async () => {
  const { library, clock, seen, pullTo } = await openArchive()
  await storeSome(library, 1)
  const to = await temporaryFolder()
  const dryRun = async () => (await pullTo(to, { dryRun: true })).actions
  expect(await dryRun()).toEqual({ would_thaw: 1 })
  await pullTo(to)
  expect(await dryRun()).toEqual({ thawing: 1 })
  clock.ms += 48 * hourMs
  expect(await dryRun()).toEqual({ would_pull: 1 })
  expect([counted(seen, 'POST'), counted(seen, 'GET')]).toEqual([1, 1])
})

test('a dry run that the storage refuses to answer says so, once, whatever the number of originals', async () => {
  const { library, remote, pullTo, now } = await openArchive()
  await storeSome(library, 3)
  const theirs = await openRemoteOfAnother(library, now)
  const refused = await pullTo(await temporaryFolder(), { dryRun: true, remote: { ...remote, signThaw: theirs.signThaw } })
  expect(refused.actions).toEqual({ would_pull: 3 })
  expect(refused.notes).toEqual([expect.stringContaining('the storage refuses to say which originals lie in the archive')])
})

test('an original of more places than a page thaws once, for all of them', async () => {
  const { library, seen, pullTo } = await openArchive()
  const [original] = await storeSome(library, 1)
  if (original === undefined) throw new Error('nothing was stored')
  const { contentHash } = original.candidate
  const places = Array.from({ length: 132 }, (_, index) => ({
    device: 'laptop',
    path: `copies/${index}.mp4`,
    modificationTime: '2019-10-26T16:07:24.123456Z',
  }))
  await library.remote.confirm([{ contentHash, locations: places.slice(0, 100) }])
  await library.remote.confirm([{ contentHash, locations: places.slice(100) }])
  const foretold = await pullTo(await temporaryFolder(), { dryRun: true })
  expect([foretold.actions, foretold.bytesCounted]).toEqual([{ would_thaw: 132 }, 300])
  const { actions, bytesCounted } = await pullTo(await temporaryFolder())
  expect([actions, bytesCounted]).toEqual([{ 'thaw asked for': 132 }, 300])
  expect([counted(seen, 'POST'), counted(seen, 'GET')]).toEqual([1, 2])
})

test('where originals are not archived, a dry run asks the storage for nothing', async () => {
  const { library, seen, pullTo } = await openArchive('INTELLIGENT_TIERING')
  await storeSome(library, 2)
  seen.length = 0
  expect((await pullTo(await temporaryFolder(), { dryRun: true })).actions).toEqual({ would_pull: 2 })
  expect(new Set(seen.map(({ name }) => name))).toEqual(new Set(['GET /v1/photos']))
})

test('what is not archived is pulled at once, whatever thaws; a class may change while a library lives', async () => {
  const before = await openArchive('STANDARD')
  await storeSome(before.library, 2)
  await before.library.close()
  const library = await openLibraryInTest(before.folder, { variables: { PHOTOS_STORAGE_CLASS: 'DEEP_ARCHIVE' } })
  await storeSome(library, 3)
  await library.close()
  const after = await openLibraryInTest(before.folder, { variables: { PHOTOS_STORAGE_CLASS: 'GLACIER_IR' } })
  await storeSome(after, 2)
  const { pullTo } = await clientOf(after, () => new Date())
  expect((await pullTo(await temporaryFolder())).actions).toEqual({ pulled: 4, 'thaw asked for': 3 })
})

test('the backend never reads an archived original: not to store it again, to confirm it, or to process its event again', async () => {
  const { library, seen } = await openArchive()
  const [original] = await storeSome(library, 1)
  if (original === undefined) throw new Error('nothing was stored')
  const { contentHash } = original.candidate
  expect(await begin(library.remote, original)).toEqual({ kind: 'stored', contentHash })
  expect(await library.remote.confirm([{ contentHash, locations: [] }], { checkUploads: true })).toEqual([
    { kind: 'stored', contentHash },
  ])
  // At least once: the same event again.
  const s3 = { bucket: { name: 'photos-uploads' }, object: { key: `uploads/${library.session.owner}/${contentHash}` } }
  await library.backend.queue.send(JSON.stringify({ Records: [{ eventName: 'ObjectCreated:Put', s3 }] }))
  await library.backend.queue.whenIdle()
  expect(counted(seen, 'HEAD')).toBeGreaterThan(0)
  expect([counted(seen, 'GET'), counted(seen, 'POST'), counted(seen, 'PUT')]).toEqual([0, 0, 1])
  expect(library.logged.filter(({ level }) => level === 'error')).toEqual([])
})

test("another owner's credentials ask for no thaw of mine, and the pull says so of each file", async () => {
  const { library, remote, seen, pullTo, now } = await openArchive()
  await storeSome(library, 2)
  const theirs = await openRemoteOfAnother(library, now)
  const given: Remote = { ...remote, signThaw: theirs.signThaw }
  const { actions } = await pullTo(await temporaryFolder(), { remote: given })
  expect(actions).toEqual({ 'failed: it lies in the archive, and the remote does not let its owner ask for the thaw': 2 })
  const asked = seen.filter(({ name }) => name.startsWith('POST /photos-storage/'))
  expect(asked.map(({ status }) => status)).toEqual([403, 403])
  expect((await pullTo(await temporaryFolder())).actions).toEqual({ 'thaw asked for': 2 })
})

async function openRemoteOfAnother(library: LibraryInTest, now: () => Date): Promise<Remote> {
  const session = await sessionOf('somebody-else', library, now)
  return await openHttpRemote({ url: library.backend.url, session, transport: library.transport })
}
