import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Clock } from '../remote/retry.ts'
import { RetryableError } from '../remote/retry.ts'
import type { CheckName, DoctorEvent, Finding, Looked } from './finding.ts'

export interface LookOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** When it began, where that was before. */
  readonly startedAtMs?: number
}

/** Does one check, and tells what it found. Gives what later checks need, or undefined. Only an interruption and a bug are thrown. */
export async function* look<T>(
  check: CheckName,
  { clock, signal, startedAtMs = clock.now() }: LookOptions,
  work: () => Promise<Looked<T>>,
): AsyncGenerator<DoctorEvent, T | undefined> {
  const tell = (finding: Finding): DoctorEvent => ({ kind: 'finding', check, finding, durationMs: clock.now() - startedAtMs })
  let looked: Looked<T>
  try {
    looked = await work()
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof UserError)) throw error
    yield tell(faultOf(error))
    return undefined
  }
  yield tell(looked.fault ? faultOf(looked.fault) : { kind: 'ok', message: looked.message })
  return looked.value
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
  return new UserError(`the remote fails again and again: ${message}`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: "its log says why: of the function `api` in CloudWatch, or what `photos serve --verbose` prints; `npm run deploy` puts a deployment's tables and rights back",
  })
}
