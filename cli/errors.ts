import type { ExitCode } from './exit-codes.ts'

/** Stands in a hint for the command that was typed: who shows the hint knows it, and puts it there. */
export const typedCommand = 'photos …'

interface UserErrorOptions {
  readonly exitCode: ExitCode
  readonly hint: string
  readonly line?: string
  readonly cause?: unknown
}

/**
 * A failure that the user can mend. The message is in lower case and says what is wrong; the hint says what to type or
 * to do next. Anything else that is thrown is a bug and ends with a stack trace and exit code 1.
 */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly exitCode: ExitCode
  readonly hint: string
  /** To be copied whole, below the hint. */
  readonly line: string | undefined

  constructor(message: string, options: UserErrorOptions) {
    super(message, { cause: options.cause })
    this.exitCode = options.exitCode
    this.hint = options.hint
    this.line = options.line
  }
}

/**
 * Why a file could not be moved. `expired`: the signed request is too old, sign again. `bytes-differ`: the bytes are not
 * those that were promised. `missing`: the object is not there. `denied`: this user may not touch it, or it is not there:
 * S3 tells only those who may list a bucket. `archived`: it must be thawed first. `failed`: anything else.
 */
export type TransferFailure = 'expired' | 'bytes-differ' | 'missing' | 'denied' | 'archived' | 'failed'

/** One file could not be moved. An outcome of that file, never the end of a run. The message never holds a URL. */
export class TransferError extends Error {
  override readonly name = 'TransferError'
  readonly kind: TransferFailure

  constructor(message: string, options: { readonly kind?: TransferFailure; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.kind = options.kind ?? 'failed'
  }
}
