import type { ExitCode } from './exit-codes.ts'

/**
 * A failure that the user can mend. The message is in lower case and says what is wrong; the hint says what to type or
 * to do next. Anything else that is thrown is a bug and ends with a stack trace and exit code 1.
 */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly exitCode: ExitCode
  readonly hint: string

  constructor(message: string, options: { readonly exitCode: ExitCode; readonly hint: string; readonly cause?: unknown }) {
    super(message, { cause: options.cause })
    this.exitCode = options.exitCode
    this.hint = options.hint
  }
}

/** One file could not be moved. An outcome of that file, never the end of a run. */
export class TransferError extends Error {
  override readonly name = 'TransferError'
}
