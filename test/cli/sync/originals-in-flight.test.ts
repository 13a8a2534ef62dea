import { lstatSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createEventStream } from '../../../cli/event-stream.ts'
import type { RunEvent } from '../../../cli/run-event.ts'
import { createRunLimits } from '../../../cli/run-limits.ts'
import { fingerprintOf } from '../../../cli/state/file-record.ts'
import { createNoState } from '../../../cli/state/no-state.ts'
import { confirm } from '../../../cli/sync/confirm.ts'
import type { HashedFile } from '../../../cli/sync/hash.ts'
import { createOriginalsInFlight, gatherOriginals } from '../../../cli/sync/originals-in-flight.ts'
import { createPartBuffers } from '../../../cli/sync/part-buffers.ts'
import { upload } from '../../../cli/sync/upload.ts'
import { collect } from '../../collect.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { createRemoteInMemory, hashOf, type RemoteInMemory } from './remote-in-memory.ts'
import { clockAhead } from './run-sync.ts'

const copies = 12_000
/** And one more that waits to join them. */
const mostHeld = 5000

interface Copies {
  readonly backend: RemoteInMemory
  /** How many were read so far. */
  read(): number
  /** Resolves when no more are read. */
  halt(): Promise<void>
  readonly files: AsyncIterable<HashedFile>
}

/** Files of the same bytes, as many as are asked for. */
async function copiesOfOne(): Promise<Copies> {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'a.jpg'), 'the same')
  const file = {
    folder: { path: folder, location: 'DCIM', shown: folder },
    name: 'a.jpg',
    fingerprint: fingerprintOf(lstatSync(join(folder, 'a.jpg'))),
    seenAtMs: 0,
  }
  const hashed = {
    contentHash: hashOf(Buffer.from('the same')),
    contentType: 'image/jpeg',
    modificationTime: '2026-01-01T00:00:00Z',
  }
  let read = 0
  async function* files(): AsyncGenerator<HashedFile> {
    for (; read < copies; read += 1) yield { ...hashed, file: { ...file } }
  }
  return {
    backend: createRemoteInMemory(),
    read: () => read,
    async halt() {
      for (let before = -1; before !== read; await setImmediate()) before = read
    },
    files: files(),
  }
}

/** What the stages that send and confirm need. */
function stageInTest({ remote, sender }: RemoteInMemory) {
  const clock = clockAhead()
  const ended: string[] = []
  const end = async (files: readonly HashedFile[], reason: string): Promise<void> => void ended.push(...files.map(() => reason))
  return {
    remote,
    sender,
    clock,
    ended,
    transfers: 2,
    controller: new AbortController(),
    inFlight: createOriginalsInFlight(clock),
    limits: createRunLimits({}, clock),
    partBuffers: createPartBuffers(1e6),
    journal: createNoState().uploads,
    tell: async () => {},
    onMoved: () => {},
    fail: end,
    skip: end,
    locate: () => ({ device: 'laptop', path: 'DCIM/a.jpg', modificationTime: '2026-01-01T00:00:00Z' }),
    onRegistering: async () => {},
    uploadAgain: async () => undefined,
  }
}

test.each([
  [undefined, 'stored'],
  ['rejected', 'the backend refuses it: other bytes arrived'],
] as const)(
  'of very many files of the same bytes few are held while these are sent, and all end; answered %s',
  async (answer, how) => {
    const { backend, read, halt, files } = await copiesOfOne()
    const stage = stageInTest(backend)
    let mostSeen = 0
    backend.faults.beforeSend = async () => {
      await halt()
      mostSeen = Math.max(mostSeen, read() - stage.ended.length)
    }
    backend.faults.confirmAs = () => answer
    const originals = gatherOriginals(files, stage.inFlight, stage.controller.signal)
    for await (const confirmed of confirm(upload(originals, stage), stage)) stage.ended.push(...confirmed.map(() => 'stored'))
    expect(stage.ended).toEqual(Array.from({ length: copies }, () => how))
    expect(mostSeen).toBe(mostHeld)
  },
)

test('who waits for room stops when the run does', async () => {
  const { halt, files } = await copiesOfOne()
  const { inFlight, controller } = stageInTest(createRemoteInMemory())
  const reading = collect(gatherOriginals(files, inFlight, controller.signal)).catch((error: unknown) => error)
  await halt()
  controller.abort(new Error('stopped'))
  expect(await reading).toMatchObject({ message: 'stopped' })
})

test('any number of files may be told of together', async () => {
  const { tell, end, batches } = createEventStream()
  const event: RunEvent = { kind: 'note', message: 'one of very many' }
  const told = tell(Array.from({ length: 300_000 }, () => event))
  end()
  expect((await collect(batches())).flat()).toHaveLength(300_000)
  await told
})
