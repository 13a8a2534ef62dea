import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { UserError } from '../../cli/errors.ts'
import { exitCodes } from '../../cli/exit-codes.ts'
import { pull } from '../../cli/pull/pull.ts'
import { openHttpRemote } from '../../cli/remote/http-remote.ts'
import type { Remote } from '../../cli/remote/remote.ts'
import type { Clock } from '../../cli/remote/retry.ts'
import { createTransport, type Transport } from '../../cli/remote/transport.ts'
import type { RunEvent } from '../../cli/run-event.ts'
import { type LocalState, openLocalState } from '../../cli/state/local-state.ts'
import { createOriginalSender } from '../../cli/sync/original-sender.ts'
import { sync } from '../../cli/sync/sync.ts'
import { type LibraryInTest, openLibraryInTest, sessionOf } from '../embedded/library-in-test.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { type ChangingTree, changingTree, firstFiles, someChanges } from './changing-tree.ts'
import { type Fault, startFaultProxy } from './fault-proxy.ts'
import { contentHashesOf, readTree } from './tree.ts'

const seed = Number(process.env['PHOTOS_TEST_SEED'] ?? randomBytes(4).readInt32LE())
const trees = Number(process.env['PHOTOS_TEST_TREES'] ?? 300)

/** What happens to a run: it is ended at an event or a request (which still arrives), or some requests come to harm. */
type Disturbance =
  | { readonly kind: 'none' }
  | { readonly kind: 'killed-at-event'; readonly count: number }
  | { readonly kind: 'killed-at-request'; readonly count: number }
  | { readonly kind: 'faults'; readonly faults: readonly Harm[] }

type Harm = 'none' | 'busy' | 'reset' | 'cut-answer'

const disturbance: fc.Arbitrary<Disturbance> = fc.oneof(
  fc.constant({ kind: 'none' as const }),
  fc.record({ kind: fc.constant('killed-at-event' as const), count: fc.nat(12) }),
  fc.record({ kind: fc.constant('killed-at-request' as const), count: fc.nat(16) }),
  fc.record({
    kind: fc.constant('faults' as const),
    faults: fc.array(fc.constantFrom<Harm>('none', 'none', 'busy', 'reset', 'cut-answer'), { maxLength: 20 }),
  }),
)

type History = typeof history extends fc.Arbitrary<infer T> ? T : never

const history = fc.record({
  first: firstFiles,
  steps: fc.array(fc.record({ disturbance, changes: someChanges }), { minLength: 1, maxLength: 2 }),
  /** Whether the runs come so soon that no file's time can be believed. */
  isHasty: fc.boolean(),
})

/** So many trees come and go at the same time: a good half of each is waiting for the disk. */
const atOnce = 4

test(`pull(sync(tree)) == tree, over ${trees} trees (PHOTOS_TEST_SEED=${seed})`, { timeout: 300_000 }, async () => {
  const worlds = await openWorlds(atOnce)
  const histories = fc.array(history, { minLength: atOnce, maxLength: atOnce })
  await fc.assert(
    fc.asyncProperty(histories, async (histories) => {
      await Promise.all(histories.map(async (history, index) => await live(history, worlds[index] ?? fail('no such world'))))
    }),
    // A smaller example takes minutes to find: PHOTOS_TEST_SEED brings this one back to who has them.
    { numRuns: trees / atOnce, seed, endOnFailure: process.env['CI'] !== undefined },
  )
})

function fail(message: string): never {
  throw new Error(message)
}

async function live({ first, steps, isHasty }: History, world: World): Promise<void> {
  const home = await openHome(world, isHasty)
  await home.tree.apply(first)
  for (const { disturbance, changes } of steps) {
    await home.sync(disturbance)
    await home.tree.apply(changes)
  }
  await home.requireRoundTrip()
  await home.remove()
}

/** The backend at the far end of a wire of one's own. */
interface World {
  readonly folder: string
  readonly library: LibraryInTest
  readonly url: string
  onRequest: () => Fault
}

async function openWorlds(count: number): Promise<readonly World[]> {
  const folder = await temporaryFolder()
  const library = await openLibraryInTest(join(folder, 'library'))
  const { backend } = library
  return await Promise.all(
    Array.from({ length: count }, async () => {
      const world = { folder, library, url: '', onRequest: (): Fault => undefined }
      const { url } = await startFaultProxy(backend.url, backend.identity, () => world.onRequest())
      return Object.assign(world, { url })
    }),
  )
}

interface Home {
  readonly tree: ChangingTree
  /** A run of its own process. */
  sync(disturbance: Disturbance): Promise<void>
  /** An undisturbed run stores everything, another one nothing, and a pull brings the tree. */
  requireRoundTrip(): Promise<void>
  remove(): Promise<void>
}

let homes = 0

/** Somebody with a folder of photos, and a machine that remembers. */
async function openHome(world: World, isHasty: boolean): Promise<Home> {
  const name = `tree-${++homes}`
  const folder = join(world.folder, name)
  const source = join(folder, 'camera')
  const session = await sessionOf(name, world.library)
  const direct = world.library.backend.url

  async function inProcess(url: string, work: (process: Process) => Promise<void>): Promise<void> {
    const transport = createTransport({ clock: clockOf(world.library, isHasty) })
    try {
      const remote = await openHttpRemote({ url, session, transport })
      const { remoteId } = remote.configuration
      const state = await openLocalState(join(folder, 'state'), { remoteId, owner: session.owner, origin: undefined })
      try {
        await work({ remote, transport, state })
      } finally {
        await state.close()
      }
    } finally {
      transport.close()
    }
  }

  return {
    tree: changingTree(source, name),
    sync: async (disturbance) =>
      await inProcess(isOnTheWire(disturbance) ? world.url : direct, async (process) => {
        try {
          await syncDisturbed(source, process, disturbance, world)
        } catch (error) {
          // Too many faults in a row end a run, too, with a word of the network.
          if (!(error instanceof Killed || (error instanceof UserError && error.exitCode === exitCodes.remoteUnreachable)))
            throw error
        } finally {
          world.onRequest = () => undefined
        }
      }),
    requireRoundTrip: async () =>
      await inProcess(direct, async (process) => {
        expect(await count(runSync(source, process))).toMatchObject({ failed: 0 })
        expect(await count(runSync(source, process))).toEqual({ uploaded: 0, failed: 0, movedBytes: 0 })
        const to = join(folder, 'pulled')
        const { remote, transport } = process
        expect(await count(pull({ remote, transport, range: {}, to, transfers: 2 }))).toMatchObject({ failed: 0 })
        requireSame(await readTree(join(to, 'camera')), await readTree(source))
      }),
    remove: () => rm(folder, { recursive: true }),
  }
}

function isOnTheWire({ kind }: Disturbance): boolean {
  return kind === 'killed-at-request' || kind === 'faults'
}

interface Process {
  readonly remote: Remote
  readonly transport: Transport
  readonly state: LocalState
}

function runSync(source: string, { remote, transport, state }: Process, signal?: AbortSignal): AsyncIterable<RunEvent> {
  const { clock } = transport
  const sender = createOriginalSender(transport)
  const common = { remote, state, sender, clock, transfers: 2, dryRun: false, device: 'laptop', signal }
  // Trees lose their last photo here: their owner says that it is meant.
  return sync([source], { ...common, allowsEmpty: true })
}

async function syncDisturbed(source: string, process: Process, disturbance: Disturbance, world: World): Promise<void> {
  const killer = new AbortController()
  world.onRequest = harmOf(disturbance, killer)
  let events = 0
  for await (const _ of runSync(source, process, killer.signal)) {
    if (disturbance.kind === 'killed-at-event' && events++ === disturbance.count) killer.abort(new Killed())
  }
}

class Killed extends Error {}

type Tree = Awaited<ReturnType<typeof readTree>>

/** What was deleted comes back; what is there now does not come at places of before. */
function requireSame(pulled: Tree, tree: Tree): void {
  expect(new Map([...pulled].filter(([path]) => tree.has(path)))).toEqual(tree)
  const current = contentHashesOf(tree)
  expect([...pulled].filter(([path, { contentHash }]) => !tree.has(path) && current.has(contentHash))).toEqual([])
}

interface Counts {
  readonly uploaded: number
  readonly failed: number
  readonly movedBytes: number
}

async function count(events: AsyncIterable<RunEvent>): Promise<Counts> {
  const counts = { uploaded: 0, failed: 0, movedBytes: 0 }
  for await (const event of events) {
    if (event.kind === 'moved') counts.movedBytes += event.sizeBytes
    if (event.kind !== 'file') continue
    if (event.outcome.action === 'uploaded') counts.uploaded += 1
    if (event.outcome.action === 'failed') counts.failed += 1
  }
  return counts
}

function harmOf(disturbance: Disturbance, killer: AbortController): () => Fault {
  let requests = 0
  return () => {
    const index = requests++
    if (disturbance.kind === 'killed-at-request' && index === disturbance.count) killer.abort(new Killed())
    if (disturbance.kind !== 'faults') return undefined
    switch (disturbance.faults[index] ?? 'none') {
      case 'none':
        return undefined
      case 'busy':
        return { kind: 'answer', status: 503 }
      case 'reset':
        return { kind: 'reset', afterBytes: 0 }
      case 'cut-answer':
        return { kind: 'cut-answer', afterBytes: 1 }
    }
  }
}

/** Waits for the backend, never for a time. An hour ahead, the time of every file is old enough to be believed. */
function clockOf({ backend }: LibraryInTest, isHasty: boolean): Partial<Clock> {
  const aheadMs = isHasty ? 0 : 3_600_000
  return {
    now: () => Date.now() + aheadMs,
    async delay(_, signal) {
      await backend.queue.whenIdle()
      signal?.throwIfAborted()
    },
  }
}
