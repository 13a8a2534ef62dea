import { UserError } from '../errors.ts'
import type { SignRequest } from '../remote/signed-attempts.ts'
import { type CheckOptions, carryOut, skip } from './carry-out.ts'
import { awaitStored, checkPull, checkRemoval, checkStorage, checkUpload, type Examination, keyOfProbe } from './check-probe.ts'
import type { Checked, CheckName, DoctorEvent } from './finding.ts'
import type { ProbeCalls } from './probe-calls.ts'

/** So long may tidying up take after an interruption: who stops a doctor does not want to wait for a remote that hangs. */
const tidyingMs = 2_000

/** Sends a probe through the whole chain and back, and takes it away again, whatever happens. */
export async function* examineProbe(
  given: Examination,
  signerFor: ((key: string) => SignRequest) | undefined,
): AsyncGenerator<DoctorEvent> {
  const { transport, calls, probe, signal } = given
  const step = { clock: transport.clock, signal }
  let isOurs = false
  const begin: ProbeCalls['begin'] = async (...request) => {
    const signed = await calls.begin(...request)
    isOurs = true
    return signed
  }
  const examination = { ...given, calls: { ...calls, begin } }
  try {
    const uploaded = yield* carryOut('upload', step, () => checkUpload(examination))
    const stored = uploaded
      ? yield* carryOutAndTell('confirmation', step, awaitStored(examination))
      : yield* skip('confirmation', 'the probe was not uploaded')
    if (signerFor === undefined) yield* skip('pull', 'there are no credentials to pull with')
    else if (stored) yield* carryOut('pull', step, () => checkPull(examination, signerFor(stored.key)))
    else yield* pullNothing(examination, signerFor(keyOfProbe(examination)))
    if (uploaded) yield* carryOut('removal', step, () => checkRemoval(examination, stored !== undefined))
    else yield* removeAttempt(examination)
    isOurs = false
  } finally {
    if (isOurs) await calls.remove(probe.contentHash, AbortSignal.timeout(tidyingMs)).catch(() => {}) // else a later doctor does it
  }
}

/** A look that takes a while, and tells so. */
async function* carryOutAndTell<T>(
  check: CheckName,
  step: CheckOptions,
  telling: AsyncGenerator<DoctorEvent, Checked<T>>,
): AsyncGenerator<DoctorEvent, T | undefined> {
  const startedAtMs = step.clock.elapsed()
  let result: () => Promise<Checked<T>>
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
  return yield* carryOut(check, { ...step, startedAtMs }, result)
}

/** That the storage is not there, or refuses everything, can be told without a probe, too. */
async function* pullNothing(examination: Examination, sign: SignRequest): AsyncGenerator<DoctorEvent> {
  const { transport, signal } = examination
  const problem = await checkStorage(examination, sign).catch((error: unknown) => {
    signal.throwIfAborted()
    if (error instanceof UserError) return error
    throw error
  })
  if (problem === undefined) return yield* skip('pull', 'there is no probe to pull; the storage answers')
  yield* carryOut('pull', { clock: transport.clock, signal }, () => Promise.reject(problem))
}

/** It may have been begun all the same. */
async function* removeAttempt({ calls, probe, signal }: Examination): AsyncGenerator<DoctorEvent> {
  await calls.remove(probe.contentHash, signal).catch(() => {})
  signal.throwIfAborted()
  yield* skip('removal', 'the probe was not uploaded')
}
