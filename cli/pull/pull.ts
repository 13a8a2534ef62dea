import { resolve } from 'node:path'
import type { Photo } from '../../contract/photos.ts'
import { bytePathOf } from '../byte-path.ts'
import { createEventStream, type EventStream, type Tell } from '../event-stream.ts'
import { mapConcurrently } from '../map-concurrently.ts'
import type { CallOptions, ListRange, Remote } from '../remote/remote.ts'
import type { ThawRequest } from '../remote/thaw.ts'
import type { Transport } from '../remote/transport.ts'
import type { FileOutcome, RunEvent } from '../run-event.ts'
import { createForetelling } from './foretell-thaw.ts'
import { lookAtDisk, type PhotoOnDisk } from './look-at-disk.ts'
import { type PhotoGroup, photoGroups } from './photo-groups.ts'
import { pullPhoto } from './pull-photo.ts'
import type { HardLink } from './put-in-place.ts'
import { targetsOf } from './targets.ts'
import { createThawing } from './thaw-original.ts'
import { openUnfinishedFolder } from './unfinished-folder.ts'

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
  /** How originals that lie in an archive are asked for; unless told, by bulk and for a week. */
  readonly thaw?: ThawRequest
  readonly hardLink?: HardLink
  readonly signal?: AbortSignal | undefined
}

/**
 * Brings originals back: names, bytes and modification times (to the microsecond). Nothing that is in the folder is
 * overwritten or removed; what is there already, byte for byte, is `unchanged`; a name that other bytes have becomes
 * `IMG_1 (1a2b3c4d).JPG`. What lies in an archive is asked for and ends as `thawing`; the next pull that finds it thawed brings
 * it. May be killed at any point and run again. Throws a `UserError` when nothing more can be pulled.
 */
export async function* pull(options: PullOptions): AsyncGenerator<RunEvent> {
  const events = createEventStream()
  const leaving = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, leaving.signal]) : leaving.signal
  const run = runPull({ ...options, to: resolve(options.to), signal }, events, leaving).then(
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
async function runPull(options: PullOptions, events: EventStream, controller: AbortController): Promise<void> {
  const { remote, range, signal, transfers, to, dryRun = false } = options
  const diskOptions = { to: bytePathOf(to), dryRun, signal }
  const foretellThaw = createForetelling({ ...options, tell: events.tell })
  const groups = tellFound(photoGroups(remote.listPhotos(range, { signal })), events.tell)
  const lookAt = async (group: PhotoGroup): Promise<PhotoOnDisk> => {
    const seen = await lookAtDisk(group, diskOptions)
    return dryRun ? await foretellThaw(seen) : seen
  }
  const seen = mapConcurrently(groups, transfers, lookAt, { signal })
  const missing = tellOutcomes(seen, events.tell)
  if (dryRun)
    await missing.next() // ends: a dry run finds nothing missing, all has its outcome by then
  else await download(missing, options, events, controller)
  await tellUndated(remote, range, events.tell, { signal })
}

async function* tellFound(groups: AsyncIterable<PhotoGroup>, tell: Tell): AsyncGenerator<PhotoGroup> {
  for await (const group of groups) {
    const { targets, refused } = targetsOf(group)
    const files = targets.length + refused.length
    await tell([{ kind: 'found', files, sizeBytes: files * group.photo.sizeBytes }])
    yield group
  }
}

/** Tells what has its outcome already and passes on what is missing. */
async function* tellOutcomes(seen: AsyncIterable<PhotoOnDisk>, tell: Tell): AsyncGenerator<PhotoOnDisk> {
  for await (const photo of seen) {
    await tell(photo.outcomes.map(asEvent))
    if (photo.missing.length > 0) yield photo
  }
}

async function download(
  missing: AsyncIterable<PhotoOnDisk>,
  options: PullOptions,
  events: EventStream,
  controller: AbortController,
): Promise<void> {
  const { remote, transport, transfers, to, signal, hardLink, thaw = defaultThaw } = options
  await using unfinished = await openUnfinishedFolder(to)
  const thawOriginal = createThawing({ remote, transport, request: thaw, tell: events.tell })
  const outcomes = mapConcurrently(
    missing,
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
          onMoved: (bytes) => events.moved(bytes),
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

/** A range leaves out what has no capture time; the user should know. */
async function tellUndated(remote: Remote, range: ListRange, tell: Tell, options: CallOptions): Promise<void> {
  if (range.from === undefined && range.before === undefined) return
  let undated = 0
  for await (const entry of remote.listPhotos({ undated: true }, options)) if (entry.kind === 'photo') undated += 1
  if (undated === 0) return
  const photos = undated === 1 ? '1 photo has' : `${undated} photos have`
  await tell([
    {
      kind: 'note',
      message: `${photos} no capture time and ${undated === 1 ? 'is' : 'are'} left out; without --since and --until all are pulled`,
    },
  ])
}

function asEvent(outcome: FileOutcome): RunEvent {
  return { kind: 'file', outcome }
}
