import { maximumBatchSize } from '../../contract/photos.ts'
import type { BeginUpload } from '../../contract/transfers.ts'
import { mapConcurrently } from '../map-concurrently.ts'
import { batches } from '../read-ahead.ts'
import type { Remote } from '../remote/remote.ts'
import type { UploadJournal } from '../state/upload-journal.ts'
import type { HashedFile } from './hash.ts'
import type { OriginalSender } from './original-sender.ts'
import type { Original, OriginalsInFlight } from './originals-in-flight.ts'
import type { PartBuffers } from './part-buffers.ts'
import { planUpload, type UploadPlan } from './plan.ts'
import { sendOriginal } from './send-original.ts'

export interface UploadOptions {
  readonly remote: Remote
  readonly sender: OriginalSender
  readonly partBuffers: PartBuffers
  readonly journal: UploadJournal
  readonly inFlight: OriginalsInFlight
  /** Tells that files have failed. */
  readonly fail: (files: readonly HashedFile[], reason: string) => Promise<void>
  /** Tells that files are not to be backed up. */
  readonly skip: (files: readonly HashedFile[], reason: string) => Promise<void>
  readonly onMoved: (bytes: number) => void
  /** Originals that are sent at the same time. */
  readonly transfers: number
  /** Of the whole run. */
  readonly controller: AbortController
}

interface BegunUpload {
  readonly original: Original
  readonly answer: BeginUpload
}

/** How often an original is begun anew before it counts as failed. */
const maximumAttempts = 4

/**
 * Asks the remote what it lacks and sends that, `transfers` originals at a time. Passes on the originals whose bytes the
 * remote has by now, to be confirmed. One original's failure is told; it never ends the run.
 */
export async function* upload(originals: AsyncIterable<Original>, options: UploadOptions): AsyncGenerator<Original> {
  const { controller } = options
  const begun = begin(originals, options)
  const uploads = mapConcurrently(begun, options.transfers, (item, signal) => uploadOriginal(item, options, signal), {
    controller,
  })
  for await (const original of uploads) {
    if (original) yield original
  }
}

async function* begin(originals: AsyncIterable<Original>, { remote, controller }: UploadOptions): AsyncGenerator<BegunUpload> {
  for await (const batch of batches(originals, maximumBatchSize, controller)) {
    const answers = await remote.beginUploads(batch.map(candidateOf), { signal: controller.signal })
    for (const [index, answer] of answers.entries()) {
      const original = batch[index]
      if (original) yield { original, answer }
    }
  }
}

function candidateOf({ contentHash, sizeBytes, contentType }: Original) {
  return { contentHash, sizeBytes, contentType }
}

/** The original once the remote has its bytes; undefined when it has failed or is not wanted, and that is told. */
export async function uploadOriginal(
  begun: BegunUpload,
  options: UploadOptions,
  signal: AbortSignal,
): Promise<Original | undefined> {
  const { original } = begun
  let { answer } = begun
  for (let attempts = 1; ; ) {
    const plan = planUpload(answer)
    const source = original.files[0]
    if (plan.kind !== 'send') return await settle(original, plan, options)
    // Every file of it has become unreadable, which is told already: no file is left to be told of, only to leave the flight.
    if (source === undefined) return await fail(original, 'no file of it is left', options)
    const result = await sendOriginal(source, plan.upload, { ...options, signal })
    if (result.kind === 'sent') {
      original.uploadedFrom = source
      return original
    }
    if (result.kind === 'unreadable') {
      original.files.shift()
      await options.fail([source], result.reason)
      continue
    }
    if (result.kind === 'failed' || attempts === maximumAttempts) return await fail(original, result.reason, options)
    attempts += 1
    answer = await beginOne(original, options.remote, signal)
  }
}

/** Sends an original that the remote has lost before it was processed. */
export async function uploadAgain(original: Original, options: UploadOptions): Promise<Original | undefined> {
  const { signal } = options.controller
  return await uploadOriginal({ original, answer: await beginOne(original, options.remote, signal) }, options, signal)
}

async function beginOne(original: Original, remote: Remote, signal: AbortSignal): Promise<BeginUpload> {
  const [answer] = await remote.beginUploads([candidateOf(original)], { signal })
  if (!answer) throw new Error('the remote answered a question about one original with nothing')
  return answer
}

async function fail(original: Original, reason: string, options: UploadOptions): Promise<undefined> {
  options.inFlight.leave(original)
  await options.fail(original.files.splice(0), reason)
}

/** What is to be done without sending anything. */
async function settle(
  original: Original,
  plan: Exclude<UploadPlan, { kind: 'send' }>,
  options: UploadOptions,
): Promise<Original | undefined> {
  if (plan.kind === 'confirm') return original
  options.inFlight.leave(original)
  await options[plan.kind](original.files.splice(0), plan.reason)
  return undefined
}
