import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import { createCredentialIssuer } from '../remote/issue-credentials.ts'
import { createOriginalSigner } from '../remote/sign-original.ts'
import type { SignRequest } from '../remote/signed-attempts.ts'
import type { TemporaryCredentials } from '../remote/temporary-credentials.ts'
import type { Transport } from '../remote/transport.ts'
import { carryOut, skip } from './carry-out.ts'
import { judgeClock, measureSkew } from './check-clock.ts'
import { checkCredentials } from './check-credentials.ts'
import type { Examination } from './check-probe.ts'
import { checkConfiguration, checkSignIn } from './check-remote.ts'
import { examineProbe } from './examine-probe.ts'
import type { CheckName, DoctorEvent } from './finding.ts'
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
  const configuration = yield* carryOut('configuration', step, async () => {
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
      : yield* carryOut('sign-in', step, () => checkSignIn(patient, configuration, signal))
  yield* examineClock(patient, options)
  if (configuration === undefined) return yield* skipAll(everyCheck.slice(2), 'the remote has not described itself')
  if (opened === undefined) return yield* skipAll(everyCheck.slice(2), 'nobody is signed in')
  yield* examineChain(patient, configuration, opened, options)
}

async function* examineClock({ name, url }: Patient, { transport, signal }: ExamineOptions): AsyncGenerator<DoctorEvent> {
  const aheadMs = await measureSkew(url, transport, signal)
  if (aheadMs === undefined) yield* skip('clock', 'the remote does not say what time it is')
  else yield* carryOut('clock', { clock: transport.clock, signal }, async () => judgeClock(aheadMs, name))
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
  const { serverClock } = transport
  const issue = createCredentialIssuer({ configuration, session, transport, serverClock, signInHint })
  const credentials = yield* carryOut('credentials', step, () => checkCredentials(issue, serverClock, signal))
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
    whenUnreachable,
    signal,
  }
  const sign = credentials && signerOf(examination, credentials)
  yield* examineProbe(examination, sign)
}

function signerOf({ configuration, serverClock, signal }: Examination, credentials: TemporaryCredentials) {
  const signer = createOriginalSigner({ configuration, serverClock, credentials: async () => credentials })
  return (key: string): SignRequest => signer.signDownload(key, signal)
}
