import type { IncomingMessage } from 'node:http'

/** Where the login form of a sign-in is. */
export const loginPath = '/login'

/** Where a sign-in begins. */
export const authorizePath = '/oauth2/authorize'

/** The endpoints that the product uses, and no other. */
const endpoints: readonly (readonly [method: string, path: RegExp])[] = [
  ['GET', /^\/oauth2\/authorize$/],
  ['GET', /^\/oauth2\/authorize\/[\w-]{1,64}$/],
  ['POST', /^\/oauth2\/token$/],
  ['POST', /^\/oauth2\/revoke$/],
  ['GET', /^\/login\/[\w-]{1,64}$/],
  ['POST', /^\/login\/[\w-]{1,64}$/],
]

/** Whether a request is for the managed login. */
export function isForManagedLogin(request: IncomingMessage): boolean {
  return endpoints.some(([method, path]) => request.method === method && path.test(pathOf(request)))
}

export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?')[0] ?? ''
}
