import { createHash } from 'node:crypto'
import { contentHashOf } from '../../contract/content-hash.ts'
import { probeKey } from '../../contract/object-keys.ts'
import type { Owner } from '../../contract/owner.ts'
import type { ProbeState } from '../../contract/probes.ts'
import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ServerClock } from '../remote/server-clock.ts'
import type { SignRequest } from '../remote/signed-attempts.ts'
import type { Transport } from '../remote/transport.ts'
import { formatBytes } from '../terminal/format-bytes.ts'
import { formatDuration } from '../terminal/format-duration.ts'
import { type AskOptions, askStorage } from './ask-storage.ts'
import { explainRefusal, networkHint } from './explain-refusal.ts'
import { type Checked, type DoctorEvent, remoteFault } from './finding.ts'
import type { Probe } from './make-probe.ts'
import type { ProbeCalls } from './probe-calls.ts'

/** What all that is done with one probe depends on. */
export interface Examination {
  readonly configuration: RemoteConfiguration
  readonly owner: Owner
  readonly probe: Probe
  readonly calls: ProbeCalls
  readonly transport: Transport
  readonly serverClock: ServerClock
  /** The name of this machine. */
  readonly device: string
  /** How long the processing of the probe is waited for. */
  readonly patienceMs: number
  /** Why nobody answers any more, where that is known better than that the network is at fault. */
  readonly whenUnreachable?: ((cause: unknown) => UserError) | undefined
  readonly signal: AbortSignal
}

/** No doctor waits longer. */
export const longestPatienceMs = 60 * 60_000

/** A probe that was begun so long ago has no doctor any more: a younger one may be another's, also of this machine. */
const abandonedMs = longestPatienceMs + 15 * 60_000
/** Of what an earlier release let pile up; the backend allows no more. */
const mostLeftovers = 20

/** Sends a probe to the upload bucket as an original would be, and takes away what earlier doctors had to leave. */
export async function checkUpload(examination: Examination): Promise<Checked<true>> {
  const { calls, probe, device, configuration, signal } = examination
  const { bytes, contentHash, contentType } = probe
  const request = await calls.begin({ contentHash, contentType, sizeBytes: bytes.length, device }, signal)
  const leftovers = await removeLeftovers(examination)
  const answer = await askStorage(async () => request, askOptions(examination, bytes))
  if (answer.kind === 'refused') throw explainRefusal(answer.refusal, 'upload', configuration)
  if (answer.etag === undefined || answer.body.length > 0) throw notUploaded()
  const message = `a probe of ${formatBytes(bytes.length)} is in the upload bucket`
  return { message: leftovers === 0 ? message : `${message}; ${leftovers} left by earlier doctors removed`, value: true }
}

function askOptions({ transport, whenUnreachable, signal }: Examination, body?: Buffer): AskOptions {
  return { transport, whenUnreachable, signal, ...(body && { body }) }
}

/** S3 answers an upload with an ETag and no body (Amazon S3 API Reference, PutObject). */
function notUploaded(): UserError {
  return remoteFault('something else than the storage took the upload: its answer is not that of S3', networkHint)
}

async function removeLeftovers({ calls, probe, serverClock, signal }: Examination): Promise<number> {
  const abandonedBefore = serverClock.now().getTime() - abandonedMs
  const leftovers = (await calls.list(signal)).filter(
    (left) => left.contentHash !== probe.contentHash && Date.parse(left.begunAt) < abandonedBefore,
  )
  const removed = leftovers.slice(0, mostLeftovers)
  for (const { contentHash } of removed) await calls.remove(contentHash, signal)
  return removed.length
}

const firstPauseMs = 250
const longestPauseMs = 5_000

type Stored = Extract<ProbeState, { kind: 'stored' }>

/** Waits until the backend says that it has stored, rendered and indexed the probe; tells how long it has waited. */
export async function* awaitStored(examination: Examination): AsyncGenerator<DoctorEvent, Checked<Stored>> {
  const { calls, probe, transport, patienceMs, signal } = examination
  const { elapsed, delay } = transport.clock
  const startedAtMs = elapsed()
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    const state = await calls.find(probe.contentHash, signal)
    const waitedMs = elapsed() - startedAtMs
    if (state.kind !== 'processing') return judge(state, waitedMs)
    if (waitedMs >= patienceMs) throw queueIsStuck(patienceMs)
    yield { kind: 'waiting', waitedMs, patienceMs }
    await delay(Math.min(pauseMs, patienceMs - waitedMs), signal)
  }
}

function judge(state: Exclude<ProbeState, { kind: 'processing' }>, waitedMs: number): Checked<Stored> {
  switch (state.kind) {
    case 'stored': {
      const message = `stored, rendered and indexed after ${formatDuration(waitedMs / 1000)}`
      return { message, value: state, ...(state.reason !== null && { fault: notRendered(state.reason) }) }
    }
    case 'rejected':
      throw remoteFault(`the backend did not take the probe: ${state.reason}`, `see why ${lookAtTheLog}`)
    case 'missing':
      throw remoteFault(
        'the probe is neither stored nor waiting any more',
        'run it again; if it stays so, see what took it away: a lifecycle rule of the buckets, or more doctors at once than there may be probes',
      )
  }
}

const lookAtTheLog = 'in the log of the function `processUpload` in CloudWatch, or in what `photos serve --verbose` prints'

function queueIsStuck(patienceMs: number): UserError {
  return remoteFault(
    `the queue is stuck: the probe was not processed within ${formatDuration(patienceMs / 1000)}`,
    `look at the dead letters of the upload queue, whether its event source is enabled, and ${lookAtTheLog}; of a library: restart \`photos serve\`. What waits is not lost, and is processed then`,
  )
}

function notRendered(reason: string): UserError {
  return remoteFault(
    `the probe is stored, but nothing was rendered: ${reason}`,
    'the function `processUpload` has no Sharp that works there: `npm run deploy` with the current release packages it anew',
  )
}

/** Gets the probe back from where originals lie, and compares its bytes. */
export async function checkPull(examination: Examination, sign: SignRequest): Promise<Checked<void>> {
  const { configuration, probe } = examination
  const answer = await askStorage(sign, askOptions(examination))
  if (answer.kind === 'refused') throw explainRefusal(answer.refusal, 'pull', configuration)
  const pulled = contentHashOf(createHash('sha256').update(answer.body).digest())
  if (pulled === probe.contentHash) return { message: 'the probe came back, bit for bit' }
  throw new UserError('other bytes came back than were stored', {
    exitCode: exitCodes.storedBytesDiffer,
    hint: 'keep your local copies, and let whoever runs the remote look at what stands between it and this machine, and at its disk',
  })
}

/**
 * The same where no probe was stored: whether the storage is there and takes the credentials can be told all the same. Gives
 * undefined where it refuses as S3 does what is not there; `AccessDenied` is that to those who may not list the bucket.
 */
export async function checkStorage(examination: Examination, sign: SignRequest): Promise<UserError | undefined> {
  const answer = await askStorage(sign, askOptions(examination))
  if (answer.kind === 'done') return undefined
  const isAbsence = answer.refusal.code === 'NoSuchKey' || answer.refusal.code === 'AccessDenied'
  return isAbsence ? undefined : explainRefusal(answer.refusal, 'pull', examination.configuration)
}

/** Where the probe lies, or would. */
export function keyOfProbe({ owner, probe }: Examination): string {
  return probeKey(owner, probe.contentHash, probe.contentType)
}

/** Takes the probe away, and asks whether it is gone. @param isStored whether the backend is done with it */
export async function checkRemoval({ calls, probe, signal }: Examination, isStored: boolean): Promise<Checked<void>> {
  await calls.remove(probe.contentHash, signal)
  const state = await calls.find(probe.contentHash, signal)
  if (state.kind === 'missing') {
    return { message: isStored ? 'nothing of the probe is left' : 'taken away, and so is what the backend may yet make of it' }
  }
  throw remoteFault(
    'the probe is still there after its removal',
    'it is no photo and harms nothing; the remote removes it within two days',
  )
}
