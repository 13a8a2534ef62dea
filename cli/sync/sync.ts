import { createEventStream, type EventStream } from '../event-stream.ts'
import type { Remote } from '../remote/remote.ts'
import type { Clock } from '../remote/retry.ts'
import type { RunEvent } from '../run-event.ts'
import { createRunLimits, type RunLimits } from '../run-limits.ts'
import type { LocalState } from '../state/local-state.ts'
import { abandonUploads } from './abandon-uploads.ts'
import { confirm } from './confirm.ts'
import { failed, skipped, succeeded } from './file-event.ts'
import { openFolderMemory } from './folder-memory.ts'
import { type HashedFile, hash } from './hash.ts'
import { holdBack, type IsHeldBack } from './hold-back.ts'
import { locationOf } from './location-of.ts'
import type { OriginalSender } from './original-sender.ts'
import { createOriginalsInFlight, gatherOriginals } from './originals-in-flight.ts'
import { createPartBuffers } from './part-buffers.ts'
import { recall } from './recall.ts'
import { rehearse } from './rehearse.ts'
import { rememberConfirmed, rememberRegistering } from './remember-confirmed.ts'
import { scan } from './scan.ts'
import { type ListedPaths, scanListed } from './scan-listed.ts'
import { isPlain, type Selection } from './selection.ts'
import { findSources, type Source } from './sources.ts'
import { stopAtParts, untilLimit } from './stop-at-limit.ts'
import { tellGone } from './tell-gone.ts'
import { upload, uploadAgain } from './upload.ts'
import { watchSources } from './watch-sources.ts'

export interface SyncOptions {
  readonly remote: Remote
  readonly state: LocalState
  readonly sender: OriginalSender
  /** Originals that are sent at the same time. */
  readonly transfers: number
  /** Hash and ask, but send and register nothing. */
  readonly dryRun: boolean
  /** This machine's name, which goes with every location. */
  readonly device: string
  readonly clock: Clock
  /** Bytes of parts of large originals that are in memory at the same time, for the whole run. */
  readonly partBudgetBytes?: number | undefined
  /** Which files are taken; without it all but junk and hidden names. */
  readonly selection?: Selection | undefined
  /** Absolute paths inside of the sources: only these files, and what lies in these folders, are looked at. */
  readonly listed?: ListedPaths | undefined
  /** A source that has no files any more, or lies on another disk, is to be believed. */
  readonly allowsEmpty?: boolean | undefined
  /** Asked for every file that was found; without it, all are taken. */
  readonly isHeldBack?: IsHeldBack | undefined
  /** What is stored already and has not changed is counted, and not named. */
  readonly countsUnchanged?: boolean | undefined
  /** When nothing new is to be begun; without them, all is sent. */
  readonly limits?: RunLimits | undefined
  readonly signal?: AbortSignal | undefined
}

const defaultPartBudgetBytes = 32 * 1024 * 1024

/**
 * Backs up folders (and single files) to the remote, and tells what becomes of every file. One bad file never ends the run.
 * Throws a `UserError` for a source that is missing (before anything starts), a remote that cannot be reached or a session
 * that it does not accept, and the signal's reason when that is aborted; what was confirmed by then is remembered.
 */
export async function* sync(paths: readonly string[], options: SyncOptions): AsyncGenerator<RunEvent> {
  for await (const events of syncInBatches(paths, options)) yield* events
}

/** The same, and tells as much at a time as there is to tell: of files in great numbers that have not changed. */
export async function* syncInBatches(paths: readonly string[], options: SyncOptions): AsyncGenerator<readonly RunEvent[]> {
  const sources = findSources(paths, undefined, options.selection?.takesHidden)
  const events = createEventStream()
  const controller = new AbortController()
  const abort = (): void => controller.abort(options.signal?.reason)
  if (options.signal?.aborted) abort()
  options.signal?.addEventListener('abort', abort, { once: true })
  const work = backUp(sources, events, controller, options).then(
    () => events.end(),
    (error: unknown) => events.end({ error: findFirstFailure(error, controller.signal, options.signal) }),
  )
  try {
    yield* events.batches()
  } finally {
    options.signal?.removeEventListener('abort', abort)
    controller.abort()
    events.end()
    await work
  }
}

/** One stage's failure makes calls of the others end, too, and any of these may be the first to say so. */
function findFirstFailure(error: unknown, ownSignal: AbortSignal, givenSignal: AbortSignal | undefined): unknown {
  if (givenSignal?.aborted) return givenSignal.reason
  const isAftermath = error instanceof Error && error.name === 'AbortError'
  return isAftermath && ownSignal.aborted ? ownSignal.reason : error
}

/** One photo's journey, from top to bottom. */
async function backUp(
  sources: readonly Source[],
  events: EventStream,
  controller: AbortController,
  options: SyncOptions,
): Promise<void> {
  const { remote, state, clock, device } = options
  const { tell } = events
  const limits = options.limits ?? createRunLimits({}, clock)
  const onMoved = (bytes: number): void => {
    limits.moved(bytes)
    events.moved(bytes)
  }
  const inFlight = createOriginalsInFlight(clock)
  const fail = async (files: readonly HashedFile[], reason: string, hash: 'doubtful' | 'right' = 'doubtful'): Promise<void> => {
    if (hash === 'doubtful') await state.forget(files.map(({ file }) => ({ folder: file.folder.path, name: file.name })))
    await tell(files.map(({ file }) => failed(file, reason)))
  }
  const skip = async (files: readonly HashedFile[], reason: string): Promise<void> =>
    await tell(files.map(({ file }) => skipped(file, reason)))
  const stage = {
    ...options,
    sender: stopAtParts(options.sender, limits),
    limits,
    controller,
    inFlight,
    tell,
    onMoved,
    fail,
    skip,
    journal: state.uploads,
    partBuffers: createPartBuffers(options.partBudgetBytes ?? defaultPartBudgetBytes),
  }

  const isWhole = options.listed === undefined
  const usesDigests = (options.countsUnchanged ?? false) && isWhole && !options.isHeldBack && isPlain(options.selection ?? {})
  const memory = openFolderMemory({ state, sources, isWhole, usesDigests })
  const scanOptions = { now: clock.now, selection: options.selection, signal: controller.signal }
  const missing = new Set<Source>()
  const watched = {
    records: state.sources,
    allowsEmpty: options.allowsEmpty ?? false,
    dryRun: options.dryRun,
    now: clock.now,
    mayBeForgotten: async () => state.isForgetful() && (await hasPhotos(remote, controller.signal)),
    tell,
    onMissing: (source: Source) => void missing.add(source),
  }
  const lookThrough = (source: Source) => scan([source], scanOptions)
  const scanned = options.listed
    ? watchSources(scanListed(sources, options.listed, scanOptions), sources, { ...watched, lookThrough })
    : watchSources(scan(sources, scanOptions), sources, watched)
  const taken = options.isHeldBack ? holdBack(scanned, options.isHeldBack) : scanned
  const unknown = recall(taken, { state, tell, memory })
  const hashed = hash(untilLimit(unknown, limits), { ...stage, maximumSizeBytes: remote.configuration.maximumOriginalSizeBytes })
  if (options.dryRun) {
    await rehearse(hashed, stage)
    return await tell(limits.events())
  }
  const originals = gatherOriginals(hashed, inFlight, controller.signal)
  const uploaded = upload(originals, stage)
  const confirmed = confirm(uploaded, {
    ...stage,
    locate: (file) => locationOf(file, device),
    onRegistering: (files) => rememberRegistering(files, state),
    uploadAgain: (original) => uploadAgain(original, stage),
  })
  for await (const files of confirmed) {
    // The journal first: what is remembered is not asked about again, and its entry would stay.
    await state.uploads.end(files.map(({ hashed: { contentHash } }) => contentHash))
    await rememberConfirmed(files, state)
    await memory.confirmed(files.map(({ hashed: { file } }) => file))
    await tell(
      files.map(({ hashed: { file, contentHash }, isUploaded }) =>
        succeeded(file, isUploaded ? 'uploaded' : 'already_stored', contentHash),
      ),
    )
  }
  const { found, withoutFiles } = await memory.end()
  const isThere = (source: Source): boolean => !missing.has(source)
  const present = found.filter(isThere)
  await tellGone(watched.allowsEmpty ? sources : present, {
    remote,
    state,
    device,
    isWhole,
    withoutFiles,
    signal: controller.signal,
  })
  // A file that was not looked for may only have moved.
  if (isWhole && !limits.isReached()) await abandonUploads(sources.filter(isThere), stage)
  await tell(limits.events())
}

async function hasPhotos(remote: Remote, signal: AbortSignal): Promise<boolean> {
  for await (const _ of remote.listPhotos({}, { signal })) return true
  return false
}
