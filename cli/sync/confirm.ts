import type { ContentHash } from '../../contract/content-hash.ts'
import { type Location, maximumBatchSize } from '../../contract/photos.ts'
import type { Confirmation } from '../../contract/transfers.ts'
import { type ReadAhead, readAhead } from '../read-ahead.ts'
import type { Remote } from '../remote/remote.ts'
import type { Clock } from '../remote/retry.ts'
import type { HashedFile } from './hash.ts'
import type { Original, OriginalsInFlight } from './originals-in-flight.ts'
import { trashedReason } from './plan.ts'

export interface ConfirmOptions {
  readonly remote: Remote
  readonly inFlight: OriginalsInFlight
  readonly locate: (hashed: HashedFile) => Location
  /** Called, and awaited, before the locations of these are sent for the first time. */
  readonly onRegistering: (files: readonly HashedFile[]) => Promise<void>
  /** Sends an original once more; undefined when that has failed and is told. */
  readonly uploadAgain: (original: Original) => Promise<Original | undefined>
  readonly fail: (files: readonly HashedFile[], reason: string) => Promise<void>
  /** Tells that files are not to be backed up. */
  readonly skip: (files: readonly HashedFile[], reason: string) => Promise<void>
  readonly clock: Clock
  /** Of the whole run. */
  readonly controller: AbortController
}

export interface ConfirmedFile {
  readonly hashed: HashedFile
  /** Its bytes are those that this run has sent. */
  readonly isUploaded: boolean
}

interface Waiting {
  readonly original: Original
  /** Those of its files whose locations were sent. */
  readonly registering: Set<HashedFile>
  isSentAgain: boolean
}

type WaitingRoom = Map<ContentHash, Waiting>

/** So many originals wait for the backend before uploads are held back. */
const mostWaiting = 400
const firstPauseMs = 400
const longestPauseMs = 8000
const pauseGrowth = 1.6
const thinAfterMs = 10 * 1000
/** The backend is given up on after so long without a single confirmation. */
const patienceMs = 10 * 60 * 1000

/**
 * Asks the remote, again and again, whether the originals are indexed, and registers where they were found. Passes on the
 * files that are now backed up, some at a time; only `stored` counts.
 */
export async function* confirm(
  uploaded: AsyncIterable<Original>,
  options: ConfirmOptions,
): AsyncGenerator<readonly ConfirmedFile[]> {
  const arriving = readAhead(uploaded, maximumBatchSize, options.controller)
  const waiting: WaitingRoom = new Map()
  const patience = createPatience(options.clock, options.controller.signal)
  try {
    while (await admit(arriving, waiting, patience)) {
      const answer = await ask(nextBatch(waiting), waiting, patience.isThin(), options)
      if (answer.confirmed.length > 0) patience.renew()
      yield answer.confirmed
      if (patience.isLost()) await giveUp(waiting, options)
      else if (answer.isProcessing) await patience.pause()
    }
  } finally {
    await arriving.close()
  }
}

/** Lets in who has arrived; waits for that only while nobody is there. False when nobody will come any more. */
async function admit(arriving: ReadAhead<Original>, waiting: WaitingRoom, patience: Patience): Promise<boolean> {
  if (waiting.size === 0) {
    await arriving.arrival()
    patience.renew()
  }
  for (const original of arriving.take(mostWaiting - waiting.size)) {
    waiting.set(original.contentHash, { original, registering: new Set(), isSentAgain: false })
  }
  return waiting.size > 0
}

interface Patience {
  renew(): void
  /** Nothing was confirmed for a while: time to look after the uploads. */
  isThin(): boolean
  isLost(): boolean
  pause(): Promise<void>
}

/**
 * Waits longer and longer while nothing happens, and not for ever. Only the pauses count: neither an outage that a question
 * has survived nor a night in which the machine slept says anything of the backend.
 */
function createPatience(clock: Pick<Clock, 'random' | 'delay'>, signal: AbortSignal): Patience {
  let waitedMs = 0
  let pauseMs = firstPauseMs
  return {
    renew() {
      waitedMs = 0
      pauseMs = firstPauseMs
    },
    isThin: () => waitedMs > thinAfterMs,
    isLost: () => waitedMs > patienceMs,
    async pause() {
      const thisPauseMs = clock.random() * pauseMs
      await clock.delay(thisPauseMs, signal)
      waitedMs += thisPauseMs
      pauseMs = Math.min(pauseMs * pauseGrowth, longestPauseMs)
    },
  }
}

/** Those who have waited longest since they were last asked about; they go to the end of the queue. */
function nextBatch(waiting: WaitingRoom): readonly Waiting[] {
  const batch = [...waiting].slice(0, maximumBatchSize)
  for (const [contentHash, entry] of batch) {
    waiting.delete(contentHash)
    waiting.set(contentHash, entry)
  }
  return batch.map(([, entry]) => entry)
}

interface Answer {
  readonly confirmed: readonly ConfirmedFile[]
  readonly isProcessing: boolean
}

async function ask(
  batch: readonly Waiting[],
  waiting: WaitingRoom,
  checkUploads: boolean,
  options: ConfirmOptions,
): Promise<Answer> {
  // Files may join an original while the question is on its way; those that were asked about are counted here.
  const asked = batch.map((entry) => ({
    entry,
    files: entry.original.files.slice(0, maximumBatchSize),
    toldStored: options.inFlight.isStored(entry.original.contentHash),
  }))
  await options.onRegistering(asked.flatMap(({ entry, files }) => takeUnregistered(entry, files)))
  const answers = await options.remote.confirm(
    asked.map(({ entry, files, toldStored }) => ({
      contentHash: entry.original.contentHash,
      locations: files.map(options.locate),
      ...(toldStored && { toldStored }),
    })),
    { checkUploads, signal: options.controller.signal },
  )
  const confirmed: ConfirmedFile[] = []
  for (const [index, answer] of answers.entries()) {
    const question = asked[index]
    if (!question) continue
    rememberAnswer(answer, question.toldStored, options.inFlight)
    if (answer.kind === 'stored') confirmed.push(...settle(question.entry, question.files.length, waiting, options))
    else await pursue(answer, question.entry, waiting, options)
  }
  return { confirmed, isProcessing: answers.some(({ kind }) => kind === 'processing') }
}

/** What was told because it was said to have been told before is no news. */
function rememberAnswer({ kind, contentHash }: Confirmation, toldStored: boolean, inFlight: OriginalsInFlight): void {
  if (kind !== 'stored') inFlight.forgetStored(contentHash)
  else if (!toldStored) inFlight.rememberStored(contentHash)
}

function takeUnregistered({ registering }: Waiting, files: readonly HashedFile[]): readonly HashedFile[] {
  const others = files.filter((file) => !registering.has(file))
  for (const file of others) registering.add(file)
  return others
}

/** The first `count` files are backed up. The original stays while others have joined that are not registered yet. */
function settle(entry: Waiting, count: number, waiting: WaitingRoom, { inFlight }: ConfirmOptions): readonly ConfirmedFile[] {
  const { original, registering } = entry
  const files = inFlight.take(original, count)
  for (const hashed of files) registering.delete(hashed)
  if (original.files.length === 0) {
    waiting.delete(original.contentHash)
    inFlight.leave(original)
  }
  return files.map((hashed) => ({ hashed, isUploaded: hashed === original.uploadedFrom }))
}

async function pursue(
  answer: Exclude<Confirmation, { kind: 'stored' }>,
  entry: Waiting,
  waiting: WaitingRoom,
  options: ConfirmOptions,
): Promise<void> {
  switch (answer.kind) {
    case 'processing':
      return
    case 'rejected':
      return await fail(entry.original, `the backend refuses it: ${answer.reason}`, waiting, options)
    case 'trashed': {
      const { original } = entry
      waiting.delete(original.contentHash)
      return await options.skip(options.inFlight.leave(original), trashedReason(original.contentHash))
    }
    case 'missing': {
      if (entry.isSentAgain) return await fail(entry.original, 'the backend has lost it twice; run again', waiting, options)
      entry.isSentAgain = true
      if (!(await options.uploadAgain(entry.original))) waiting.delete(entry.original.contentHash)
    }
  }
}

async function giveUp(waiting: WaitingRoom, options: ConfirmOptions): Promise<void> {
  for (const { original } of [...waiting.values()])
    await fail(original, 'the backend has not confirmed it yet; run again', waiting, options)
}

async function fail(original: Original, reason: string, waiting: WaitingRoom, options: ConfirmOptions): Promise<void> {
  waiting.delete(original.contentHash)
  await options.fail(options.inFlight.leave(original), reason)
}
