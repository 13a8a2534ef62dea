import { resolve } from 'node:path'
import type { Photo } from '../../contract/photos.ts'
import { bytePathOf } from '../byte-path.ts'
import { createEventStream, type EventStream, type Tell } from '../event-stream.ts'
import { mapConcurrently } from '../map-concurrently.ts'
import type { CallOptions, ListRange, Remote } from '../remote/remote.ts'
import type { ThawRequest } from '../remote/thaw.ts'
import type { Transport } from '../remote/transport.ts'
import type { FileOutcome, RunEvent } from '../run-event.ts'
import { createRunLimits, type RunLimits } from '../run-limits.ts'
import { createForetelling, type ForetellThaw } from './foretell-thaw.ts'
import { lookAtDisk, type PhotoOnDisk } from './look-at-disk.ts'
import { passesOf } from './passes.ts'
import type { PhotoGroup } from './photo-groups.ts'
import { pullPhoto } from './pull-photo.ts'
import type { HardLink } from './put-in-place.ts'
import { targetsOf } from './targets.ts'
import { createThawing, type ThawOriginal } from './thaw-original.ts'
import { openUnfinishedFolder, type UnfinishedFolder } from './unfinished-folder.ts'

/** Bulk is the cheapest; a week is long enough to come back, and for a slow line. */
export const defaultThaw: ThawRequest = { tier: 'bulk', days: 7 }

export interface PullOptions {
  readonly remote: Remote
  readonly transport: Transport
  /** Wall time; without bounds everything is pulled, undated photos too. */
  readonly range: ListRange
  /** The folder to pull into; made where it is missing. */
  readonly to: string
  /** So many files are moved at a time. */
  readonly transfers: number
  readonly dryRun?: boolean
  /** Whether originals come that were edited since, beside their later versions. */
  readonly versions?: boolean
  /** How originals that lie in an archive are asked for; unless told, by bulk and for a week. */
  readonly thaw?: ThawRequest
  readonly hardLink?: HardLink
  /** When nothing new is to be begun; without them, all is brought. */
  readonly limits?: RunLimits
  readonly signal?: AbortSignal | undefined
}

/** A pull under way. */
type Pulling = PullOptions & { readonly limits: RunLimits }

/**
 * Brings originals back: names, bytes and modification times (to the microsecond). Nothing that is in the folder is
 * overwritten or removed; what is there already, byte for byte, is `unchanged`; a name that other bytes have becomes
 * `IMG_1 (1a2b3c4d).JPG`. What lies in an archive is asked for and ends as `thawing`; the next pull that finds it thawed brings
 * it. A photo comes back where it lies now; one that was deleted everywhere, where it lay last; and one that was edited in its
 * place only as its later version. May be killed at any point and run again. Throws a `UserError` when nothing more can be pulled.
 */
export async function* pull(options: PullOptions): AsyncGenerator<RunEvent> {
  const events = createEventStream()
  const leaving = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, leaving.signal]) : leaving.signal
  const limits = options.limits ?? createRunLimits({}, options.transport.clock)
  const run = runPull({ ...options, limits, to: resolve(options.to), signal }, events, leaving).then(
    () => events.end(),
    (error: unknown) => events.end({ error }),
  )
  try {
    yield* events
  } finally {
    leaving.abort()
    events.end()
    await run
  }
}

/** `controller` ends the whole run; `signal` is aborted with it. */
async function runPull(options: Pulling, events: EventStream, controller: AbortController): Promise<void> {
  const { to, thaw: request = defaultThaw, dryRun = false, versions = false } = options
  const { tell } = events
  const passes = passesOf({ ...options, versions })
  if (dryRun) {
    const foretellThaw = createForetelling({ ...options, tell })
    for (const groups of passes) for await (const _ of lookAtAll(groups, options, tell, foretellThaw));
  } else {
    await using unfinished = await openUnfinishedFolder(to)
    const thawOriginal = createThawing({ ...options, request, tell })
    for (const groups of passes) {
      await download(lookAtAll(groups, options, tell), { ...options, unfinished, thawOriginal }, events, controller)
    }
  }
  await tell(passes.notes())
  await tell(options.limits.events())
}

/** Tells of what has its outcome already, which is all in a dry run, and passes on what is missing. */
function lookAtAll(
  groups: AsyncIterable<PhotoGroup>,
  { to, transfers, limits, signal, dryRun = false }: Pulling,
  tell: Tell,
  foretellThaw: ForetellThaw = async (seen) => seen,
): AsyncGenerator<PhotoOnDisk> {
  const disk = { to: bytePathOf(to), dryRun, signal }
  const lookAt = async (group: PhotoGroup): Promise<PhotoOnDisk> => await foretellThaw(await lookAtDisk(group, disk))
  return tellOutcomes(mapConcurrently(tellFound(beforeLimit(groups, limits), tell), transfers, lookAt, { signal }), tell)
}

/** What comes after the limit is not even looked for: comparing what is there already takes its time, too. */
async function* beforeLimit<T>(items: AsyncIterable<T>, limits: RunLimits): AsyncGenerator<T> {
  for await (const item of items) {
    if (limits.isReached()) return limits.leaveRest()
    yield item
  }
}

async function* tellFound(groups: AsyncIterable<PhotoGroup>, tell: Tell): AsyncGenerator<PhotoGroup> {
  for await (const group of groups) {
    const { targets, refused } = targetsOf(group)
    const files = targets.length + refused.length
    await tell([{ kind: 'found', files, sizeBytes: files * group.photo.sizeBytes }])
    yield group
  }
}

async function* tellOutcomes(seen: AsyncIterable<PhotoOnDisk>, tell: Tell): AsyncGenerator<PhotoOnDisk> {
  for await (const photo of seen) {
    await tell(photo.outcomes.map(asEvent))
    if (photo.missing.length > 0) yield photo
  }
}

async function download(
  missing: AsyncIterable<PhotoOnDisk>,
  options: Pulling & { readonly unfinished: UnfinishedFolder; readonly thawOriginal: ThawOriginal },
  events: EventStream,
  controller: AbortController,
): Promise<void> {
  const { remote, transport, transfers, to, limits, signal, hardLink, unfinished, thawOriginal } = options
  const onMoved = (bytes: number): void => {
    limits.moved(bytes)
    events.moved(bytes)
  }
  const outcomes = mapConcurrently(
    beforeLimit(missing, limits),
    transfers,
    ({ photo, originalKey, missing: targets }, taskSignal) =>
      pullPhoto(
        { photo, targets },
        {
          to: bytePathOf(to),
          shownTo: to,
          unfinished,
          transport,
          hardLink,
          sign: remote.signDownload(originalKey, { signal: taskSignal }),
          thaw: () => thawOriginal({ photo, originalKey }, taskSignal),
          isStored: () => isStored(photo, remote, { signal: taskSignal }),
          onMoved,
          signal: taskSignal,
        },
      ),
    { signal, controller },
  )
  for await (const some of outcomes) await events.tell(some.map(asEvent))
}

async function isStored({ contentHash }: Photo, remote: Remote, options: CallOptions): Promise<boolean> {
  const [confirmation] = await remote.confirm([{ contentHash, locations: [] }], options)
  return confirmation?.kind === 'stored'
}

function asEvent(outcome: FileOutcome): RunEvent {
  return { kind: 'file', outcome }
}
