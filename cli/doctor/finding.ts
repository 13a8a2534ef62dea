import { UserError } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'

/** What is looked at, in this order. The words are those of `--json` and a stable interface. */
export type CheckName = 'configuration' | 'sign-in' | 'clock' | 'credentials' | 'upload' | 'confirmation' | 'pull' | 'removal'

/** What a look at one thing has brought. */
export type Finding =
  | { readonly kind: 'ok'; readonly message: string }
  | { readonly kind: 'fault'; readonly message: string; readonly hint: string; readonly exitCode: ExitCode }
  | { readonly kind: 'not_checked'; readonly message: string }

/** What an examination tells while it goes on. */
export type DoctorEvent =
  | { readonly kind: 'began'; readonly check: CheckName }
  | { readonly kind: 'finding'; readonly check: CheckName; readonly finding: Finding; readonly durationMs: number }
  /** The probe is uploaded, and not confirmed yet. */
  | { readonly kind: 'waiting'; readonly waitedMs: number; readonly patienceMs: number }

/** How one check went: what later ones need of it, if it was got, and what is wrong, if anything is. */
export interface Checked<T> {
  readonly message: string
  readonly value?: T | undefined
  readonly fault?: UserError | undefined
}

/** A fault that is the remote's. @param hint what is to be done about it */
export function remoteFault(message: string, hint: string, cause?: unknown): UserError {
  return new UserError(message, { exitCode: exitCodes.remoteUnreachable, hint, cause })
}
