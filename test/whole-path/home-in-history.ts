import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { UserError } from '../../cli/errors.ts'
import { exitCodes } from '../../cli/exit-codes.ts'
import { pull } from '../../cli/pull/pull.ts'
import { openHttpRemote } from '../../cli/remote/http-remote.ts'
import type { Remote } from '../../cli/remote/remote.ts'
import type { Clock } from '../../cli/remote/retry.ts'
import { createTransport, type Transport } from '../../cli/remote/transport.ts'
import type { RunEvent } from '../../cli/run-event.ts'
import type { Session } from '../../cli/session/session.ts'
import { type LocalState, openLocalState } from '../../cli/state/local-state.ts'
import { createOriginalSender } from '../../cli/sync/original-sender.ts'
import { sync } from '../../cli/sync/sync.ts'
import { collect } from '../collect.ts'
import { type LibraryInTest, sessionOf } from '../embedded/library-in-test.ts'
import { type ChangingTree, changingTree } from './changing-tree.ts'
import { type Disturbance, harmOf, isOnTheWire, Killed } from './disturbances.ts'
import { findWrongFiles, placesOf } from './expected-pull.ts'
import { findWrongPlaces, type RunInHistory } from './telling-history.ts'
import { readTree } from './tree.ts'
import type { World } from './worlds.ts'

export interface RunOptions {
  readonly disturbance: Disturbance
  /** The state of before is gone. */
  readonly losesState: boolean
  /** Videos are left out. */
  readonly excludes: boolean
  /** It comes so soon that the time of no file that has just changed can be believed. */
  readonly isHasty: boolean
}

const undisturbed: RunOptions = { disturbance: { kind: 'none' }, losesState: false, excludes: false, isHasty: false }

/** A machine with a folder of photos, and what it remembers of it. */
export interface Device {
  readonly tree: ChangingTree
  /** A run of its own process. */
  sync(options?: Partial<RunOptions>): Promise<void>
  /** An undisturbed run stores everything, and another one nothing. */
  requireSynced(options: Pick<RunOptions, 'losesState'>): Promise<void>
}

/** Somebody with one such machine or two. */
export interface Home {
  openDevice(name: string): Device
  /** What the devices have told is what has happened, and a pull brings what it is to bring and nothing else. */
  requireRoundTrip(): Promise<void>
  remove(): Promise<void>
}

let homes = 0

/** @param isHasty whether all runs are */
export async function openHome(world: World, isHasty: boolean): Promise<Home> {
  const name = `tree-${++homes}`
  const folder = join(world.folder, name)
  const session = await sessionOf(name, world.library)
  const histories = new Map<string, RunInHistory[]>()

  // What comes to no harm shares its connections: a process is its state.
  const direct = await connect(world.library.backend.url, session, world.library, isHasty)

  async function inProcess(device: string, { remote, transport }: Connection, work: (process: Process) => Promise<void>) {
    const { remoteId } = remote.configuration
    const state = await openLocalState(join(folder, device, 'state'), { remoteId, owner: session.owner, origin: undefined })
    try {
      await work({ remote, transport, state, device, source: join(folder, device, 'camera') })
    } finally {
      await state.close()
    }
  }

  async function onTheWire(device: string, work: (process: Process) => Promise<void>): Promise<void> {
    const connection = await connect(world.url, session, world.library, isHasty)
    try {
      await inProcess(device, connection, work)
    } finally {
      connection.transport.close()
    }
  }

  function openDevice(device: string): Device {
    const tree = changingTree(join(folder, device, 'camera'), name)
    const history: RunInHistory[] = []
    histories.set(device, history)
    const loseState = () => rm(join(folder, device, 'state'), { recursive: true, force: true })
    const begin = ({ disturbance, losesState, excludes }: RunOptions): void => {
      history.push({
        startedAt: new Date().toISOString(),
        contents: tree.contents(),
        isWhole: disturbance.kind === 'none' && !excludes,
        isExcluded: (path) => excludes && path.endsWith('.mp4'),
        hasLostState: losesState,
      })
    }
    return {
      tree,
      async sync(options = {}) {
        const all = { ...undisturbed, ...options }
        const { disturbance, losesState } = all
        if (losesState) await loseState()
        begin(all)
        const work = (process: Process) => syncDisturbed(process, all, world)
        if (isOnTheWire(disturbance)) await onTheWire(device, work)
        else await inProcess(device, direct, work)
        // What a run has sent that was ended arrives, but before the next one begins: a process takes longer to start.
        if (disturbance.kind !== 'none') await world.settled()
      },
      async requireSynced({ losesState }) {
        if (losesState) await loseState()
        await inProcess(device, direct, async (process) => {
          begin({ ...undisturbed, losesState })
          expect(await count(runSync(process))).toMatchObject({ failed: 0 })
          begin(undisturbed)
          expect(await count(runSync(process))).toEqual({ uploaded: 0, failed: 0, movedBytes: 0 })
        })
      },
    }
  }

  return {
    openDevice,
    async requireRoundTrip() {
      const to = join(folder, 'pulled')
      const { remote } = direct
      expect(await count(pull({ ...direct, range: {}, to, transfers: 2 }))).toMatchObject({ failed: 0 })
      const listed = await collect(remote.listPhotos({}))
      const wrong = [...histories].flatMap(([device, history]) => findWrongPlaces(history, placesOf(device, listed)))
      expect([...wrong, ...findWrongFiles(listed, await readTree(to))]).toEqual([])
      // The promise itself, whatever was told: of one machine the tree is there, under its own names.
      if (histories.size === 1) for (const device of histories.keys()) await requireTree(to, join(folder, device))
    },
    async remove() {
      direct.transport.close()
      await rm(folder, { recursive: true })
    },
  }
}

async function requireTree(to: string, device: string): Promise<void> {
  const [pulled, tree] = [await readTree(join(to, 'camera')), await readTree(join(device, 'camera'))]
  expect(new Map([...pulled].filter(([path]) => tree.has(path)))).toEqual(tree)
}

interface Connection {
  readonly remote: Remote
  readonly transport: Transport
}

async function connect(url: string, session: Session, library: LibraryInTest, isHasty: boolean): Promise<Connection> {
  const transport = createTransport({ clock: clockOf(library, isHasty) })
  return { remote: await openHttpRemote({ url, session, transport }), transport }
}

interface Process extends Connection {
  readonly state: LocalState
  readonly device: string
  readonly source: string
}

function runSync(
  { remote, transport, state, device, source }: Process,
  { excludes = false, isHasty = false, signal }: Partial<RunOptions> & { readonly signal?: AbortSignal } = {},
): AsyncIterable<RunEvent> {
  const sender = createOriginalSender(transport)
  const clock = isHasty ? { ...transport.clock, now: Date.now } : transport.clock
  const selection = excludes ? { exclude: ['*.mp4'] } : {}
  const common = { remote, state, sender, clock, transfers: 2, dryRun: false, device, selection, signal }
  // Trees lose their last photo here: their owner says that it is meant.
  return sync([source], { ...common, allowsEmpty: true })
}

async function syncDisturbed(process: Process, { disturbance, excludes, isHasty }: RunOptions, world: World): Promise<void> {
  const killer = new AbortController()
  world.onRequest = harmOf(disturbance, killer)
  let events = 0
  try {
    for await (const _ of runSync(process, { excludes, isHasty, signal: killer.signal })) {
      if (disturbance.kind === 'killed-at-event' && events++ === disturbance.count) killer.abort(new Killed())
    }
  } catch (error) {
    // Too many faults in a row end a run, too, with a word of the network.
    const isOutage = error instanceof UserError && error.exitCode === exitCodes.remoteUnreachable
    if (!(error instanceof Killed || isOutage)) throw error
  } finally {
    world.onRequest = () => undefined
  }
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
