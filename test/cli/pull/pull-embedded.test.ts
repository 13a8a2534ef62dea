import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pull } from '../../../cli/pull/pull.ts'
import { openHttpRemote } from '../../../cli/remote/http-remote.ts'
import { putBytes } from '../../../cli/remote/put.ts'
import type { Remote } from '../../../cli/remote/remote.ts'
import type { FileOutcome, RunEvent } from '../../../cli/run-event.ts'
import type { ContentHash } from '../../../contract/content-hash.ts'
import { type LibraryInTest, openLibraryInTest, openRemoteOf, sessionOf } from '../../embedded/library-in-test.ts'
import { watchRequests } from '../../embedded/watch-requests.ts'
import { type OriginalInTest, originalOf, randomOriginal, send } from '../../lambda/originals-in-test.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { transportInTest } from '../remote/scripted-server.ts'

const minute = 60_000

/** A library with some originals, and a client of it, each with a clock of its own. */
async function openInTest(count: number) {
  // The backend's own clients sign by the clock of the machine: what is stored is stored by that.
  const clocks = { serverMs: Date.now(), localMs: Date.now() }
  const folder = await temporaryFolder()
  const library = await openLibraryInTest(folder, { now: () => new Date(clocks.serverMs) })
  const originals = Array.from({ length: count }, () => randomOriginal(300))
  await storeAll(library, originals)
  const { transport } = transportInTest({ clock: { now: () => clocks.localMs } })
  const session = await sessionOf(library.session.owner, library, () => new Date(clocks.serverMs))
  const remote = await openHttpRemote({ url: library.backend.url, session, transport })
  const seen = watchRequests(library.backend.url)
  const pullTo = (to: string, onEvent?: (event: RunEvent) => void, given: Remote = remote) =>
    outcomesOf(pull({ remote: given, transport, range: {}, to, transfers: 1 }), onEvent)
  /** So much time goes by with each file. */
  const passing = (minutes: number) => (event: RunEvent) => {
    if (event.kind !== 'file') return
    clocks.serverMs += minutes * minute
    clocks.localMs += minutes * minute
  }
  return { folder, library, originals, clocks, remote, seen, pullTo, passing }
}

async function storeAll(library: LibraryInTest, originals: readonly OriginalInTest[]): Promise<void> {
  const begun = await library.remote.beginUploads(originals.map(({ candidate }) => candidate))
  for (const [index, { bytes }] of originals.entries()) {
    const upload = begun[index]
    if (upload?.kind !== 'put') throw new Error(`expected a put, got ${upload?.kind}`)
    await putBytes(upload.request, bytes, { transport: library.transport, onMoved: () => {} })
  }
  await library.backend.queue.whenIdle()
}

async function outcomesOf(events: AsyncIterable<RunEvent>, onEvent?: (event: RunEvent) => void): Promise<FileOutcome[]> {
  const outcomes: FileOutcome[] = []
  for await (const event of events) {
    if (event.kind === 'file') outcomes.push(event.outcome)
    onEvent?.(event)
  }
  return outcomes
}

function actionsOf(outcomes: readonly FileOutcome[]): Set<string> {
  return new Set(outcomes.map(({ action, reason }) => (reason === undefined ? action : `${action}: ${reason}`)))
}

function counted(seen: ReturnType<typeof watchRequests>, name: string): number {
  return seen.filter((request) => request.name.startsWith(name)).length
}

/** First for what was edited unnoticed, then for what is to be pulled. */
const listedTwice = ['GET /v1/photos', 'GET /v1/photos']

test('a pull asks the API for its list, the identity pool once, and the storage for each original: nothing else', async () => {
  const { seen, originals, pullTo } = await openInTest(10)
  const to = await temporaryFolder()
  expect(actionsOf(await pullTo(to))).toEqual(new Set(['pulled']))
  expect(counted(seen, 'GET /photos-storage/originals/')).toBe(10)
  const others = seen.filter(({ name }) => !name.startsWith('GET /photos-storage/')).map(({ name }) => name)
  expect(others.toSorted()).toEqual([...listedTwice, 'GetCredentialsForIdentity', 'GetId'])
  const { bytes, candidate } = originals[0] ?? randomOriginal(1)
  expect((await readFile(join(to, `${candidate.contentHash}.mp4`))).equals(bytes)).toBe(true)
})

test('a pull that finds nothing missing asks for no credentials', async () => {
  const { seen, pullTo } = await openInTest(2)
  const to = await temporaryFolder()
  await pullTo(to)
  seen.length = 0
  expect(actionsOf(await pullTo(to))).toEqual(new Set(['unchanged']))
  expect(seen.map(({ name }) => name)).toEqual(listedTwice)
})

test('a pull of many hours renews its credentials in time, before the storage refuses any', async () => {
  const { seen, pullTo, passing } = await openInTest(22)
  const outcomes = await pullTo(await temporaryFolder(), passing(11))
  expect(actionsOf(outcomes)).toEqual(new Set(['pulled']))
  expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([200]))
  expect(counted(seen, 'GetId')).toBe(1)
  // Four hours, and credentials that are used for fifty minutes of their sixty: 55 minutes are too many for them.
  expect(counted(seen, 'GetCredentialsForIdentity')).toBe(5)
})

test.each([-3 * 365 * 24 * 60, -180, 180, 30 * 365 * 24 * 60])(
  'a clock that is wrong by %i minutes is put right by the answers',
  async (aheadMinutes) => {
    const { seen, clocks, pullTo, passing } = await openInTest(6)
    clocks.localMs += aheadMinutes * minute
    const outcomes = await pullTo(await temporaryFolder(), passing(11))
    expect(actionsOf(outcomes)).toEqual(new Set(['pulled']))
    expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([200]))
    expect(counted(seen, 'GetCredentialsForIdentity')).toBe(2)
  },
)

test('a clock that jumps in the middle of a pull costs one refusal, and no credentials', async () => {
  const { seen, clocks, pullTo } = await openInTest(6)
  let files = 0
  const outcomes = await pullTo(await temporaryFolder(), ({ kind }) => {
    if (kind === 'file' && ++files === 2) clocks.localMs -= 48 * 60 * minute
  })
  expect(actionsOf(outcomes)).toEqual(new Set(['pulled']))
  expect(seen.filter(({ status }) => status === 403)).toHaveLength(1)
  expect(counted(seen, 'GetCredentialsForIdentity')).toBe(1)
})

test('credentials that expire unnoticed, as those of a laptop that slept, are renewed once and the pull goes on', async () => {
  const { seen, clocks, pullTo } = await openInTest(6)
  let files = 0
  const outcomes = await pullTo(await temporaryFolder(), ({ kind }) => {
    if (kind === 'file' && ++files === 2) clocks.serverMs += 61 * minute
  })
  expect(actionsOf(outcomes)).toEqual(new Set(['pulled']))
  expect(seen.filter(({ status }) => status >= 400)).toHaveLength(1)
  expect(counted(seen, 'GetCredentialsForIdentity')).toBe(2)
})

test("another owner's credentials open none of my originals, and the pull says so", async () => {
  const { library, remote, originals, seen, pullTo } = await openInTest(2)
  const other = await openRemoteOf('somebody-else', library)
  const to = await temporaryFolder()
  const outcomes = await pullTo(to, undefined, { ...remote, signDownload: other.signDownload })
  expect(actionsOf(outcomes)).toEqual(new Set(['failed: the storage refuses it: AccessDenied (Access Denied)']))
  expect(outcomes.some(({ storedBytesDiffer }) => storedBytesDiffer)).toBe(false)
  expect(seen.filter(({ name, status }) => name.startsWith('GET /photos-storage/') && status === 403)).toHaveLength(2)
  expect(await readdir(to)).toEqual([])

  // With the list that the API gives to them, there is nothing of mine to ask for.
  const theirs = originalOf(Buffer.from('theirs'), 'video/mp4')
  await send(library, theirs, other)
  await library.backend.queue.whenIdle()
  expect((await pullTo(to, undefined, other)).map(({ contentHash }) => contentHash)).toEqual([theirs.candidate.contentHash])
  expect(originals).toHaveLength(2)
})

test('an original that is gone from the storage is told as lost, although the storage only says that it is denied', async () => {
  const { folder, library, originals, seen, pullTo } = await openInTest(3)
  const gone = originals[1]?.candidate.contentHash
  await rm(join(folder, 'originals', library.session.owner, `${gone}.mp4`))
  const outcomes = await pullTo(await temporaryFolder())
  const expected = (contentHash: ContentHash | undefined) =>
    contentHash === gone
      ? { action: 'failed', reason: 'the storage does not have it', storedBytesDiffer: true }
      : { action: 'pulled' }
  expect(outcomes).toMatchObject(outcomes.map(({ contentHash }) => expected(contentHash)))
  expect(counted(seen, 'POST /v1/photos/confirm')).toBe(1)
})
