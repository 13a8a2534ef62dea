import { findUrl } from '../../contract/find-url.ts'
import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'

const description = /\/\.well-known\/photos\.json$/

/**
 * The address of a remote as a person types it: without a scheme it is `https`, or `http` for this very machine; without a
 * slash at its end; the address of its description will do, too. Throws a `UserError` with exit code 2.
 */
export function parseRemoteUrl(text: string): string {
  const typed = text.trim()
  const url = findUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(typed) ? typed : withScheme(typed))
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '') throw notAnAddress(text)
  if (url.username !== '' || url.password !== '') {
    const hint = 'leave out what stands before the @: you sign in with a browser'
    throw new UserError('the address holds a user name or a password', { exitCode: exitCodes.usage, hint })
  }
  return `${url.origin}${url.pathname.replace(description, '').replace(/\/+$/, '')}`
}

/** Throws a `UserError` with exit code 2 for an address where tokens would go over a network for all to read. */
export function requirePrivate(url: string, insecureHttp: boolean): void {
  const { protocol, hostname, host } = new URL(url)
  if (protocol === 'https:' || insecureHttp || isLoopback(hostname)) return
  throw new UserError(`${host} would be reached over http, where anyone on the network can take over the session`, {
    exitCode: exitCodes.usage,
    hint: 'give its https:// address; or, on a network that you trust, add --insecure-http',
  })
}

/** The same for every address that a remote names for itself. */
export function requirePrivateEndpoints({ endpoints }: RemoteConfiguration, insecureHttp: boolean): void {
  for (const endpoint of Object.values(endpoints)) requirePrivate(endpoint, insecureHttp)
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

function withScheme(typed: string): string {
  const hostname = findUrl(`http://${typed}`)?.hostname
  return hostname !== undefined && isLoopback(hostname) ? `http://${typed}` : `https://${typed}`
}

function notAnAddress(text: string): UserError {
  return new UserError(`${JSON.stringify(text)} is not the address of a remote`, {
    exitCode: exitCodes.usage,
    hint: 'give the one that a deployment or `photos serve` printed, such as https://photos.example.com',
  })
}
