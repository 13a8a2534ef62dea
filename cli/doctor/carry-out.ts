import { UserError } from '../errors.ts'
import type { Clock } from '../remote/retry.ts'
import { RetryableError } from '../remote/retry.ts'
import { type Checked, type CheckName, type DoctorEvent, type Finding, remoteFault } from './finding.ts'

export interface CheckOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** When it began by {@link Clock.elapsed}, where that was before. */
  readonly startedAtMs?: number
}

/** Does one check, and tells what it found. Gives what later checks need, or undefined. Only an interruption and a bug are thrown. */
export async function* carryOut<T>(
  check: CheckName,
  { clock, signal, startedAtMs = clock.elapsed() }: CheckOptions,
  work: () => Promise<Checked<T>>,
): AsyncGenerator<DoctorEvent, T | undefined> {
  const tell = (finding: Finding): DoctorEvent => ({ kind: 'finding', check, finding, durationMs: clock.elapsed() - startedAtMs })
  let checked: Checked<T>
  yield { kind: 'began', check }
  try {
    checked = await work()
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof UserError)) throw error
    yield tell(faultOf(error))
    return undefined
  }
  yield tell(checked.fault ? faultOf(checked.fault) : { kind: 'ok', message: checked.message })
  return checked.value
}

/** Tells that a check has to wait for another one's fault to be mended. */
export function* skip(check: CheckName, message: string): Generator<DoctorEvent, undefined> {
  yield { kind: 'finding', check, finding: { kind: 'not_checked', message }, durationMs: 0 }
}

function faultOf(error: UserError): Finding {
  const { message, hint, exitCode } = error.cause instanceof RetryableError ? failing(error, error.cause) : error
  return { kind: 'fault', message, hint, exitCode }
}

/** Somebody is there: `cannot be reached` would send a person to look for a fault in the network. */
function failing(error: UserError, { message }: RetryableError): UserError {
  if (!/^it answers 5/.test(message)) return error
  return remoteFault(
    `the remote fails again and again: ${message}`,
    "its log says why: of the function `api` in CloudWatch, or what `photos serve --verbose` prints; `npm run deploy` puts a deployment's tables and rights back",
  )
}
