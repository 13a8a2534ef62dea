import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { createCredentialIssuer } from '../remote/issue-credentials.ts'
import { createServerClock, type ServerClock } from '../remote/server-clock.ts'
import { createOriginalSigner, type SignRequest } from '../remote/sign-original.ts'
import type { TemporaryCredentials } from '../remote/temporary-credentials.ts'
import type { Transport } from '../remote/transport.ts'
import { formatDuration } from '../terminal/format-duration.ts'
import { checkClock } from './check-clock.ts'
import { awaitStored, checkPull, checkRemoval, checkStorage, checkUpload, type Examination, keyOfProbe } from './check-probe.ts'
import { checkConfiguration, checkSignIn } from './check-remote.ts'
import type { CheckName, DoctorEvent, Looked } from './finding.ts'
import { look, skip } from './look.ts'
import { makeProbe } from './make-probe.ts'
import type { Patient, PatientSession } from './patient.ts'
import { createProbeCalls } from './probe-calls.ts'

export interface ExamineOptions {
  readonly transport: Transport
  /** The name of this machine where it has none at the remote. */
  readonly device: string
  readonly patienceMs: number
  readonly signal: AbortSignal
}

/**
 * Looks at a remote from its user's side, one thing after another; what a fault does not stand in the way of is looked at, too.
 * Leaves nothing behind, also when it is stopped; what a killed one left is removed by the next one, or expires. Ends with the
 * signal's reason when it is stopped.
 */
export async function* examine(open: () => Promise<Patient>, options: ExamineOptions): AsyncGenerator<DoctorEvent> {
  const { transport, signal } = options
  const step = { clock: transport.clock, signal }
  let patient: Patient | undefined
  const configuration = yield* look('configuration', step, async () => {
    patient = await open()
    return await checkConfiguration(patient)
  })
  try {
    if (patient === undefined) return yield* skipAll(everyCheck, 'there is no remote to look at')
    yield* examinePatient(patient, configuration, options)
  } finally {
    await patient?.close()
  }
}

const everyCheck: readonly CheckName[] = ['sign-in', 'clock', 'credentials', 'upload', 'confirmation', 'pull', 'removal']

function* skipAll(checks: readonly CheckName[], message: string): Generator<DoctorEvent> {
  for (const check of checks) yield* skip(check, message)
}

async function* examinePatient(
  patient: Patient,
  configuration: RemoteConfiguration | undefined,
  options: ExamineOptions,
): AsyncGenerator<DoctorEvent> {
  const { transport, signal } = options
  const step = { clock: transport.clock, signal }
  const opened =
    configuration === undefined
      ? yield* skip('sign-in', 'the remote has not described itself')
      : yield* look('sign-in', step, () => checkSignIn(patient, configuration, signal))
  yield* look('clock', step, () => checkClock(patient.url, transport, signal).catch(asUnreachable))
  if (configuration === undefined) return yield* skipAll(everyCheck.slice(2), 'the remote has not described itself')
  if (opened === undefined) return yield* skipAll(everyCheck.slice(2), 'nobody is signed in')
  yield* examineChain(patient, configuration, opened, options)
}

/** Nobody answers: the configuration's line says so already, but where it was the network that failed in between. */
function asUnreachable(error: unknown): never {
  if (error instanceof UserError || !(error instanceof Error)) throw error
  throw new UserError(`the time of the remote cannot be told: ${error.message}`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: 'when it answers again, run it again',
    cause: error,
  })
}

async function* examineChain(
  patient: Patient,
  configuration: RemoteConfiguration,
  { session, deviceName }: PatientSession,
  options: ExamineOptions,
): AsyncGenerator<DoctorEvent> {
  const { transport, patienceMs, signal } = options
  const { signInHint, whenUnreachable } = patient
  const step = { clock: transport.clock, signal }
  const serverClock = createServerClock(transport.clock.now)
  const issue = createCredentialIssuer({ configuration, session, transport, serverClock, signInHint })
  const credentials = yield* look('credentials', step, () => checkCredentials(issue, serverClock, signal))
  const url = configuration.endpoints.api
  const calls = createProbeCalls({ url, session, transport, signInHint, whenUnreachable })
  const device = deviceName ?? options.device
  const examination = {
    configuration,
    owner: session.owner,
    probe: makeProbe(),
    calls,
    transport,
    serverClock,
    device,
    patienceMs,
    signal,
  }
  const sign = credentials && signerOf(examination, credentials)
  yield* examineProbe(examination, sign)
}

const credentialAttempts = 3

async function checkCredentials(
  issue: ReturnType<typeof createCredentialIssuer>,
  serverClock: ServerClock,
  signal: AbortSignal,
): Promise<Looked<TemporaryCredentials>> {
  try {
    const credentials = await issue({ maximumAttempts: credentialAttempts, signal })
    const seconds = (credentials.expiresAt.getTime() - serverClock.now().getTime()) / 1000
    return { message: `to read originals with, good for ${formatDuration(Math.max(0, seconds))}`, value: credentials }
  } catch (error) {
    if (error instanceof UserError || signal.aborted || !(error instanceof Error)) throw error
    throw new UserError(`the identity pool gives no credentials: ${error.name}`, {
      exitCode: exitCodes.remoteUnreachable,
      hint: '`npm run deploy` puts back an identity pool, or its role, that is missing; a library needs its `photos serve` restarted',
      cause: error,
    })
  }
}

function signerOf({ configuration, serverClock, signal }: Examination, credentials: TemporaryCredentials) {
  const signer = createOriginalSigner({ configuration, serverClock, credentials: async () => credentials })
  return (key: string): SignRequest => signer.signDownload(key, signal)
}

/** So long may tidying up take after an interruption. */
const tidyingMs = 10_000

async function* examineProbe(
  examination: Examination,
  signerFor: ((key: string) => SignRequest) | undefined,
): AsyncGenerator<DoctorEvent> {
  const { transport, calls, probe, signal } = examination
  const step = { clock: transport.clock, signal }
  let isOurs = true
  try {
    const uploaded = yield* look('upload', step, () => checkUpload(examination))
    const stored = uploaded
      ? yield* lookAndTell('confirmation', step, awaitStored(examination))
      : yield* skip('confirmation', 'the probe was not uploaded')
    if (signerFor === undefined) yield* skip('pull', 'there are no credentials to pull with')
    else if (stored) yield* look('pull', step, () => checkPull(examination, signerFor(stored.key)))
    else yield* pullNothing(examination, signerFor(keyOfProbe(examination)))
    isOurs = false
    if (uploaded) yield* look('removal', step, () => checkRemoval(examination))
    else yield* removeAttempt(examination)
  } finally {
    if (isOurs) await calls.remove(probe.contentHash, AbortSignal.timeout(tidyingMs)).catch(() => {}) // else the next doctor does it
  }
}

/** A look that takes a while, and tells so. */
async function* lookAndTell<T>(
  check: CheckName,
  step: Parameters<typeof look>[1],
  telling: AsyncGenerator<DoctorEvent, Looked<T>>,
): AsyncGenerator<DoctorEvent, T | undefined> {
  const startedAtMs = step.clock.now()
  let result: () => Promise<Looked<T>>
  for (;;) {
    try {
      const next = await telling.next()
      if (!next.done) {
        yield next.value
        continue
      }
      result = async () => next.value
    } catch (error) {
      result = () => Promise.reject(error)
    }
    break
  }
  return yield* look(check, { ...step, startedAtMs }, result)
}

async function* pullNothing(examination: Examination, sign: SignRequest): AsyncGenerator<DoctorEvent> {
  const { transport, signal } = examination
  const step = { clock: transport.clock, signal }
  const absence = 'there is no probe to pull; the storage answers'
  let problem: UserError | undefined
  try {
    problem = await checkStorage(examination, sign)
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof UserError)) throw error
    problem = error
  }
  if (problem === undefined) yield* skip('pull', absence)
  else yield* look('pull', step, async () => ({ message: '', fault: problem }))
}

/** It may have been begun all the same. */
async function* removeAttempt({ calls, probe, signal }: Examination): AsyncGenerator<DoctorEvent> {
  await calls.remove(probe.contentHash, signal).catch(() => {})
  signal.throwIfAborted()
  yield* skip('removal', 'the probe was not uploaded')
}
