import type { BeginUpload } from '../../contract/transfers.ts'
import type { Tell } from '../event-stream.ts'
import { mapConcurrently } from '../map-concurrently.ts'
import type { Remote } from '../remote/remote.ts'
import type { UploadJournal } from '../state/upload-journal.ts'
import { type BeginUploadsOptions, type BegunUpload, beginUpload, beginUploads, isLeft, leave } from './begin-uploads.ts'
import type { HashedFile } from './hash.ts'
import type { OriginalSender } from './original-sender.ts'
import type { Original } from './originals-in-flight.ts'
import type { PartBuffers } from './part-buffers.ts'
import { planUpload, type UploadPlan } from './plan.ts'
import { type SendResult, sendOriginal } from './send-original.ts'
import { LimitReachedError } from './stop-at-limit.ts'

export interface UploadOptions extends BeginUploadsOptions {
  readonly remote: Remote
  readonly sender: OriginalSender
  readonly partBuffers: PartBuffers
  readonly journal: UploadJournal
  /** Tells that files have failed. A hash that is right need not be computed again, which takes minutes for the largest. */
  readonly fail: (files: readonly HashedFile[], reason: string, hash?: 'doubtful' | 'right') => Promise<void>
  /** Tells that files are not to be backed up. */
  readonly skip: (files: readonly HashedFile[], reason: string) => Promise<void>
  readonly onMoved: (bytes: number) => void
  readonly tell: Tell
  /** Originals that are sent at the same time. */
  readonly transfers: number
}

/** How often an original is begun anew, without getting further, before it counts as failed. */
const maximumAttempts = 4
/** An original that has waited so long for its turn did so for others' sake. */
const longWaitMs = 60 * 1000

/**
 * Asks the remote what it lacks and sends that, `transfers` originals at a time. Passes on the originals whose bytes the
 * remote has by now, to be confirmed. One original's failure is told; it never ends the run.
 */
export async function* upload(originals: AsyncIterable<Original>, options: UploadOptions): AsyncGenerator<Original> {
  const { controller } = options
  const begun = beginUploads(originals, options)
  const uploads = mapConcurrently(begun, options.transfers, (item, signal) => uploadOriginal(item, options, signal), {
    controller,
  })
  for await (const original of uploads) {
    if (original) yield original
  }
}

/** The original once the remote has its bytes; undefined when it has failed, is not wanted, or is left, and that is told. */
async function uploadOriginal(begun: BegunUpload, options: UploadOptions, signal: AbortSignal): Promise<Original | undefined> {
  const { original } = begun
  for (let current = begun, attempts = 1; ; ) {
    const step = await advance(current, options, signal)
    if (step.kind === 'over') return step.original
    if (step.kind === 'next-file') continue
    const next = await beginUpload(original, options, signal)
    const hasOnlyWaited = !step.hasMoved && next.begunAtMs - current.begunAtMs > longWaitMs
    if (!hasOnlyWaited && !isFurther(current, next) && attempts++ === maximumAttempts) {
      return await fail(original, step.reason, options)
    }
    current = next
  }
}

type Step =
  | { readonly kind: 'over'; readonly original: Original | undefined }
  /** This one was unreadable; another one may have the same bytes. */
  | { readonly kind: 'next-file' }
  | { readonly kind: 'begin-again'; readonly reason: string; readonly hasMoved: boolean }

async function advance({ original, answer }: BegunUpload, options: UploadOptions, signal: AbortSignal): Promise<Step> {
  const plan = planUpload(answer)
  const source = original.files[0]
  if (plan.kind !== 'send') return { kind: 'over', original: await settle(original, plan, options) }
  // Every file of it has become unreadable, which is told already: no file is left to be told of, only to leave the flight.
  if (source === undefined) return { kind: 'over', original: await fail(original, 'no file of it is left', options) }
  if (isLeft(original, options)) return { kind: 'over', original: undefined }
  const { result, hasMoved } = await trySending(source, plan.upload, options, signal)
  switch (result.kind) {
    case 'sent':
      original.uploadedFrom = source
      return { kind: 'over', original }
    case 'left':
      leave(original, options)
      return { kind: 'over', original: undefined }
    case 'failed':
      return { kind: 'over', original: await fail(original, result.reason, options) }
    case 'unreadable':
      await options.fail(options.inFlight.take(original, 1), result.reason)
      return { kind: 'next-file' }
    case 'begin-again':
      return { ...result, hasMoved }
  }
}

interface Sending {
  readonly result: SendResult | { readonly kind: 'left' }
  /** Bytes went over the network, be it in vain. */
  readonly hasMoved: boolean
}

async function trySending(
  source: HashedFile,
  upload: Extract<BeginUpload, { kind: 'put' | 'parts' }>,
  options: UploadOptions,
  signal: AbortSignal,
): Promise<Sending> {
  let hasMoved = false
  const onMoved = (bytes: number): void => {
    hasMoved = true
    options.onMoved(bytes)
  }
  try {
    return { result: await sendOriginal(source, upload, { ...options, onMoved, signal }), hasMoved }
  } catch (error) {
    if (error instanceof LimitReachedError) return { result: { kind: 'left' }, hasMoved }
    throw error
  }
}

/** Parts were stored since. An upload that the remote forgot begins with none. */
function isFurther({ answer: before }: BegunUpload, { answer: after }: BegunUpload): boolean {
  if (before.kind !== 'parts' || after.kind !== 'parts') return false
  return after.uploadedPartNumbers.length > before.uploadedPartNumbers.length
}

/** Sends an original that the remote has lost before it was processed. */
export async function uploadAgain(original: Original, options: UploadOptions): Promise<Original | undefined> {
  const { signal } = options.controller
  return await uploadOriginal(await beginUpload(original, options, signal), options, signal)
}

async function fail(original: Original, reason: string, options: UploadOptions): Promise<undefined> {
  await options.fail(options.inFlight.leave(original), reason, 'right')
}

/** What is to be done without sending anything. */
async function settle(
  original: Original,
  plan: Exclude<UploadPlan, { kind: 'send' }>,
  options: UploadOptions,
): Promise<Original | undefined> {
  if (plan.kind === 'confirm') return original
  await options[plan.kind](options.inFlight.leave(original), plan.reason)
  return undefined
}
