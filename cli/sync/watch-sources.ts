import { statSync } from 'node:fs'
import { findMediaTypeByName } from '../../contract/media-types.ts'
import { type BytePath, bytesOf } from '../byte-path.ts'
import type { Tell } from '../event-stream.ts'
import { isAtOrBelow, type JudgeOptions, judgeSource } from './judge-source.ts'
import type { LeftOut } from './left-out.ts'
import type { ScannedBatch } from './scan.ts'
import type { Source } from './sources.ts'

export interface WatchSourcesOptions extends Omit<JudgeOptions, 'isWhole'> {
  readonly tell: Tell
  /** Where only some paths are looked at: looks through a whole source, which may be left early. */
  readonly lookThrough?: ((source: Source) => AsyncIterable<ScannedBatch>) | undefined
  /** Hears of the sources whose files may be on a disk that is not mounted. */
  readonly onMissing?: ((source: Source) => void) | undefined
}

interface Found {
  files: number
  media: number
  isUncertain: boolean
  readonly ownDevice: number | undefined
  /** One folder of each other device. */
  readonly otherDisks: Map<number, BytePath>
}

/**
 * Passes on what a scan finds, and says at its end which of the sources were there before and are not now: a folder
 * whose disk is not mounted looks like an empty one. The other sources go on, and so do all files that are there.
 */
export async function* watchSources(
  scanned: AsyncIterable<ScannedBatch>,
  sources: readonly Source[],
  options: WatchSourcesOptions,
): AsyncGenerator<ScannedBatch> {
  const { lookThrough } = options
  const folders = sources.filter(({ kind }) => kind === 'folder').toSorted((one, other) => other.path.length - one.path.length)
  const found = new Map<Source, Found>(folders.map((source) => [source, nothingIn(source)]))
  for await (const batch of scanned) {
    const source = folders.find(({ path }) => isAtOrBelow(batch.folder.path, path))
    const sum = source && found.get(source)
    // A listed path that is not there says nothing of the rest.
    if (sum) add(lookThrough ? { ...batch, outcomes: [] } : batch, sum)
    yield batch
  }
  for (const [source, sum] of found) {
    if (lookThrough && sum.media === 0) await lookForMedia(lookThrough(source), sum)
    const foundInSource = { ...sum, onOtherDisks: [...sum.otherDisks.values()] }
    const { events, isMissing } = await judgeSource(source, foundInSource, { ...options, isWhole: !lookThrough })
    if (isMissing) options.onMissing?.(source)
    await options.tell(events)
  }
}

/** The first photo is enough. */
async function lookForMedia(batches: AsyncIterable<ScannedBatch>, sum: Found): Promise<void> {
  sum.files = 0
  for await (const batch of batches) {
    add(batch, sum)
    if (sum.media > 0) return
  }
}

function nothingIn(source: Source): Found {
  return { files: 0, media: 0, isUncertain: false, ownDevice: findDevice(source), otherDisks: new Map() }
}

function findDevice({ path }: Source): number | undefined {
  try {
    return statSync(bytesOf(path)).dev
  } catch {
    return undefined
  }
}

/** What filters leave out is there all the same; hidden names and junk may be those of a bare mount point. */
function add({ folder, files, outcomes, leftOut }: ScannedBatch, sum: Found): void {
  const filtered = leftOut.filter(({ cause }) => cause === 'filters')
  sum.files += files.length + filtered.length
  sum.media += files.filter(({ name }) => isMedia(name)).length + filtered.filter(mayHoldMedia).length
  sum.isUncertain ||= outcomes.some(({ action }) => action === 'failed')
  const device = files.find(({ isLinked }) => !isLinked)?.fingerprint.device
  if (device === undefined || device === sum.ownDevice || sum.otherDisks.has(device)) return
  sum.otherDisks.set(device, folder.path)
}

/** A note that says `not mounted` is none, nor a sidecar that somebody's program has written there. */
function isMedia(name: BytePath): boolean {
  const kind = findMediaTypeByName(name)?.kind
  return kind !== undefined && kind !== 'sidecar'
}

function mayHoldMedia({ name, isFolder }: LeftOut): boolean {
  return isFolder === true || isMedia(name)
}
