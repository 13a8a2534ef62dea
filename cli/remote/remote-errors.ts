import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'

/** Nobody answers at an address, or only with trouble. */
export function unreachable(url: string, cause: unknown): UserError {
  const reason = cause instanceof Error ? ` (${cause.message})` : ''
  return new UserError(`the remote cannot be reached: ${new URL(url).host}${reason}`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: 'check the network and the address of the remote, then run the same command again; nothing is lost',
    cause,
  })
}

/** What to type when a session has ended. */
export const defaultSignInHint = 'sign in again: photos login'

/** A remote refuses the session, also with a token that was made anew. @param hint what to type */
export function sessionRefused(url: string, hint: string, cause?: unknown): UserError {
  return new UserError(`${new URL(url).host} does not accept the session`, { exitCode: exitCodes.notSignedIn, hint, cause })
}
