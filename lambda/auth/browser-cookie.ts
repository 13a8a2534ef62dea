import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { RouteEnvironment } from '../routes/signed-in.ts'
import type { AuthBackend } from './connect-auth.ts'
import { ownOriginOf } from './request-facts.ts'

const cookieName = 'photos-sign-in'

/** Longer than a code is good for, so that whoever comes late is told so. What is still valid, its record says. */
const keptSeconds = 60 * 60

/** 32 bytes as base64url, as `createRandomSecret` makes them. */
const browserSecretPattern = /^[A-Za-z0-9_-]{43}$/

/** The secret that this browser was given; undefined if it has none. */
export function findBrowserSecret(context: Context<RouteEnvironment>, auth: AuthBackend): string | undefined {
  const secret = getCookie(context, nameFor(ownOriginOf(context, auth)))
  return secret !== undefined && browserSecretPattern.test(secret) ? secret : undefined
}

/**
 * `__Host-` keeps the cookie from being set by another host or over plain HTTP (RFC 6265bis, section 4.1.3.2). `Lax`, since it has to
 * come along when the managed login sends the browser back.
 */
export function setBrowserSecret(context: Context<RouteEnvironment>, auth: AuthBackend, secret: string): void {
  const origin = ownOriginOf(context, auth)
  const attributes = { path: '/', httpOnly: true, sameSite: 'Lax', maxAge: keptSeconds } as const
  setCookie(context, nameFor(origin), secret, { ...attributes, secure: canBeSecure(origin) })
}

function nameFor(origin: string): string {
  return canBeSecure(origin) ? `__Host-${cookieName}` : cookieName
}

/** A home network may be without TLS (`photos serve --insecure-http`): there browsers refuse cookies that ask for it. */
function canBeSecure(origin: string): boolean {
  const { protocol, hostname } = new URL(origin)
  return protocol === 'https:' || hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)
}
