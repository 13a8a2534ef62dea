import { errorCode } from '../error-code.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'

/** Nobody answers at an address, or only with trouble. */
export function unreachable(url: string, cause: unknown): UserError {
  const reason = cause instanceof Error ? ` (${cause.message})` : ''
  return new UserError(`the remote cannot be reached: ${new URL(url).host}${reason}`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: 'check the network and the address of the remote, then run the same command again',
    cause,
  })
}

/** The API may answer, the storage does not, and no file is to blame. */
export function storageUnreachable(cause: unknown): UserError {
  const reason = cause instanceof Error ? ` (${cause.message})` : ''
  return new UserError(`the storage of the remote cannot be reached${reason}`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: 'check the network, then run the same command again; what is done is done',
    cause,
  })
}

/** Nobody answers the first request to an address: what answers there with silence may speak TLS. */
export function unreachableAtFirst(url: string, cause: unknown): UserError {
  const isCut = errorCode(cause) === 'ECONNRESET' || errorCode(cause)?.startsWith('HPE_')
  if (!(url.startsWith('http:') && isCut)) return unreachable(url, cause)
  return new UserError(`${new URL(url).host} does not speak http, or broke off`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: `it may want https: give its address as https://${new URL(url).host}`,
    cause,
  })
}

/** Somebody answers at an address, but with something else than a photos remote would. @param what the answer, as in `the answer to v1/devices` */
export function notAPhotosAnswer(url: string, what: string, reason: string, cause?: unknown): UserError {
  return new UserError(`${what} of ${new URL(url).host} is not what a photos remote answers: ${reason}`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: 'check the address; if it is right, photos is of another release here than there: update the older one',
    cause,
  })
}

/** What is told of a remote that lacks what this release asks for. @param how known, in lower case */
export function remoteIsOlder(how: string): UserError {
  return new UserError(`the remote is older than this photos: ${how}`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: 'update the remote: `npm run deploy` with the current release, or start its `photos serve` from the current release',
  })
}

/** A remote that is one says no. @param said its own words, which are shown to people only by who makes them visible */
export function refused(url: string, path: string, said: string): UserError {
  return new UserError(`${new URL(url).host} refuses ${path}: ${said}`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: 'if it stays so, report it to who runs the remote, or update photos',
  })
}

/** Somebody is signed in, but gets no temporary credentials. @param reason in words */
export function noCredentials(reason: string): UserError {
  return new UserError(`the identity pool gives no credentials: ${reason}`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: '`npm run deploy` puts back an identity pool, or its role, that is missing; a library needs its `photos serve` restarted',
  })
}

/** A device more than an account may have. */
export function tooManyDevices(url: string): UserError {
  return new UserError(`the account has as many devices at ${new URL(url).host} as it may have`, {
    exitCode: exitCodes.notSignedIn,
    hint: 'on one of them, revoke one first: photos devices revoke ID',
  })
}

/** What to type when a session has ended. */
export const defaultSignInHint = 'sign in again: photos login'

/** A remote refuses the session, also with a token that was made anew. @param hint what to type */
export function sessionRefused(url: string, hint: string, cause?: unknown): UserError {
  return new UserError(`${new URL(url).host} does not accept the session`, { exitCode: exitCodes.notSignedIn, hint, cause })
}
