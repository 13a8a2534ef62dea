import { UserError } from '../errors.ts'
import type { SignRequest } from '../remote/sign-original.ts'
import { awaitStored, checkPull, checkRemoval, checkStorage, checkUpload, type Examination, keyOfProbe } from './check-probe.ts'
import type { CheckName, DoctorEvent, Looked } from './finding.ts'
import { type LookOptions, look, skip } from './look.ts'

/** So long may tidying up take after an interruption. */
const tidyingMs = 10_000

/** Sends a probe through the whole chain and back, and takes it away again, whatever happens. */
export async function* examineProbe(
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
    if (uploaded) yield* look('removal', step, () => checkRemoval(examination))
    else yield* removeAttempt(examination)
    isOurs = false
  } finally {
    if (isOurs) await calls.remove(probe.contentHash, AbortSignal.timeout(tidyingMs)).catch(() => {}) // else the next doctor does it
  }
}

/** A look that takes a while, and tells so. */
async function* lookAndTell<T>(
  check: CheckName,
  step: LookOptions,
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

/** That the storage is not there, or refuses everything, can be told without a probe, too. */
async function* pullNothing(examination: Examination, sign: SignRequest): AsyncGenerator<DoctorEvent> {
  const { transport, signal } = examination
  const problem = await checkStorage(examination, sign).catch((error: unknown) => {
    signal.throwIfAborted()
    if (error instanceof UserError) return error
    throw error
  })
  if (problem === undefined) return yield* skip('pull', 'there is no probe to pull; the storage answers')
  yield* look('pull', { clock: transport.clock, signal }, () => Promise.reject(problem))
}

/** It may have been begun all the same. */
async function* removeAttempt({ calls, probe, signal }: Examination): AsyncGenerator<DoctorEvent> {
  await calls.remove(probe.contentHash, signal).catch(() => {})
  signal.throwIfAborted()
  yield* skip('removal', 'the probe was not uploaded')
}
