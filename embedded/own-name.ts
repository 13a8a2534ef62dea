import type { IncomingMessage } from 'node:http'
import { deviceGrantPaths, formatUserCode, typedUserCodeSchema } from '../contract/device-grant.ts'
import { findUrl } from '../contract/find-url.ts'

/** Says that somebody was led here: behind a proxy that gives every request another `Host` they would be led round for ever. */
const ledHere = 'own_name'

/**
 * Where somebody goes on who wants to sign in a device and has come by another name of this machine: cookies and forms are
 * of one origin. Undefined where there is nothing to mend. Nobody is ever led to anywhere but `publicUrl`.
 */
export function findWayToOwnName(request: IncomingMessage, publicUrl: string): string | undefined {
  const asked = new URL(request.url ?? '/', publicUrl)
  if (request.method !== 'GET' || asked.pathname !== deviceGrantPaths.verification) return undefined
  if (isOwnName(request.headers.host ?? '', new URL(publicUrl)) || asked.searchParams.has(ledHere)) return undefined
  const way = new URL(deviceGrantPaths.verification, publicUrl)
  const userCode = typedUserCodeSchema.safeParse(asked.searchParams.get('user_code'))
  if (userCode.success) way.searchParams.set('user_code', formatUserCode(userCode.data))
  way.searchParams.set(ledHere, '1')
  return way.href
}

function isOwnName(host: string, own: URL): boolean {
  return findUrl(`${own.protocol}//${host}`)?.host === own.host
}
