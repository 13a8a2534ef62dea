import { maximumBatchSize } from '../../contract/photos.ts'
import type { BeginUpload } from '../../contract/transfers.ts'
import type { Tell } from '../event-stream.ts'
import { readAhead } from '../read-ahead.ts'
import type { Remote } from '../remote/remote.ts'
import type { Clock } from '../remote/retry.ts'
import type { RunLimits } from '../run-limits.ts'
import type { Original, OriginalsInFlight } from './originals-in-flight.ts'

export interface BegunUpload {
  readonly original: Original
  readonly answer: BeginUpload
  /** By a clock that nobody sets. */
  readonly begunAtMs: number
}

export interface BeginUploadsOptions {
  readonly remote: Pick<Remote, 'beginUploads'>
  readonly inFlight: OriginalsInFlight
  readonly limits: RunLimits
  readonly clock: Pick<Clock, 'elapsed'>
  /** Of the whole run. */
  readonly controller: AbortController
  /** Hears how much the remote lacks. */
  readonly tell?: Tell
}

/** A signed request is good for an hour. A batch that takes so long is too large, by then or by the next one. */
const tooSlowMs = 15 * 60 * 1000
const fastMs = 5 * 60 * 1000
const firstBatchSize = 25

/**
 * Asks the remote, in batches, what it lacks. A batch is as large as the pace of the run allows: what is signed long before it
 * is sent has expired by then.
 */
export async function* beginUploads(
  originals: AsyncIterable<Original>,
  options: BeginUploadsOptions,
): AsyncGenerator<BegunUpload> {
  const { clock, controller } = options
  const arriving = readAhead(originals, maximumBatchSize, controller)
  let batchSize = firstBatchSize
  try {
    for (;;) {
      await arriving.arrival()
      const arrived = arriving.take(batchSize)
      if (arrived.length === 0) return
      const batch = arrived.filter((original) => !isLeft(original, options))
      const begunAtMs = clock.elapsed()
      const known = batch.filter(({ contentHash }) => options.inFlight.isStored(contentHash))
      for (const original of known) yield { original, answer: { kind: 'stored', contentHash: original.contentHash }, begunAtMs }
      const unknown = batch.filter((original) => !known.includes(original))
      const asked = unknown.length === 0 ? [] : await begin(unknown, options, controller.signal)
      await tellWanted(asked, options)
      yield* asked
      batchSize = nextBatchSize(batchSize, clock.elapsed() - begunAtMs)
    }
  } catch (error) {
    controller.abort(error) // closing what was read ahead aborts, too, and would be taken for the cause
    throw error
  } finally {
    await arriving.close()
  }
}

async function tellWanted(asked: readonly BegunUpload[], { tell }: Pick<BeginUploadsOptions, 'tell'>): Promise<void> {
  const lacking = asked.filter(({ answer }) => answer.kind === 'put' || answer.kind === 'parts')
  const sizeBytes = lacking.reduce((sum, { original }) => sum + original.sizeBytes, 0)
  if (sizeBytes > 0) await tell?.([{ kind: 'wanted', sizeBytes }])
}

function nextBatchSize(batchSize: number, tookMs: number): number {
  if (tookMs > tooSlowMs) return Math.max(1, Math.floor(batchSize / 2))
  return tookMs < fastMs ? Math.min(maximumBatchSize, batchSize * 2) : batchSize
}

type AskOptions = Pick<BeginUploadsOptions, 'remote' | 'clock' | 'inFlight'>

/** Asks again about one. */
export async function beginUpload(original: Original, options: AskOptions, signal: AbortSignal): Promise<BegunUpload> {
  const [begun] = await begin([original], options, signal)
  if (!begun) throw new Error('the remote answered a question about one original with nothing')
  return begun
}

async function begin(originals: readonly Original[], { remote, clock, inFlight }: AskOptions, signal: AbortSignal) {
  const begunAtMs = clock.elapsed()
  const answers = await remote.beginUploads(originals.map(candidateOf), { signal })
  for (const { kind, contentHash } of answers) {
    if (kind === 'stored') inFlight.rememberStored(contentHash)
    else inFlight.forgetStored(contentHash)
  }
  return originals.flatMap((original, index): readonly BegunUpload[] => {
    const answer = answers[index]
    return answer ? [{ original, answer, begunAtMs }] : []
  })
}

function candidateOf({ contentHash, sizeBytes, contentType }: Original) {
  return { contentHash, sizeBytes, contentType }
}

/** Whether it stays for the next run. */
export function isLeft(original: Original, { limits, inFlight }: Pick<BeginUploadsOptions, 'limits' | 'inFlight'>): boolean {
  if (!limits.isReached()) return false
  leave(original, { limits, inFlight })
  return true
}

export function leave(original: Original, { limits, inFlight }: Pick<BeginUploadsOptions, 'limits' | 'inFlight'>): void {
  limits.leave(inFlight.leave(original).length)
}
