/** One route of the HTTP API. `{name}` stands for one segment of the path, `{name+}` at its end for all that is left of it. */
export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  /** The function that answers. */
  readonly function: 'api' | 'auth'
  /** `public`: for anyone. `owner`: the JWT authorizer asks for an access token that carries the product's scope. */
  readonly access: 'public' | 'owner'
}

/**
 * Every route there is; what is not here is not there. API Gateway, its stand-in and the template read this list. Of several
 * that fit a path, the most exact one answers.
 */
export const httpRoutes: readonly HttpRoute[] = [
  { method: 'GET', path: '/.well-known/photos.json', function: 'api', access: 'public' },
  { method: 'POST', path: '/v1/uploads', function: 'api', access: 'owner' },
  { method: 'POST', path: '/v1/uploads/parts', function: 'api', access: 'owner' },
  { method: 'POST', path: '/v1/uploads/complete', function: 'api', access: 'owner' },
  { method: 'POST', path: '/v1/uploads/abandon', function: 'api', access: 'owner' },
  { method: 'POST', path: '/v1/photos/confirm', function: 'api', access: 'owner' },
  { method: 'GET', path: '/v1/photos', function: 'api', access: 'owner' },
  { method: 'GET', path: '/v1/photos/{contentHash}', function: 'api', access: 'owner' },
  { method: 'POST', path: '/v1/trash', function: 'api', access: 'owner' },
  { method: 'POST', path: '/v1/trash/restore', function: 'api', access: 'owner' },
  { method: 'POST', path: '/v1/downloads', function: 'api', access: 'owner' },
  { method: 'GET', path: '/v1/usage', function: 'api', access: 'owner' },
  { method: 'GET', path: '/v1/probes', function: 'api', access: 'owner' },
  { method: 'POST', path: '/v1/probes', function: 'api', access: 'owner' },
  { method: 'GET', path: '/v1/probes/{contentHash}', function: 'api', access: 'owner' },
  { method: 'DELETE', path: '/v1/probes/{contentHash}', function: 'api', access: 'owner' },
  { method: 'POST', path: '/v1/verifications', function: 'api', access: 'owner' },
  { method: 'POST', path: '/v1/verifications/ask', function: 'api', access: 'owner' },
  { method: 'POST', path: '/oauth/device_authorization', function: 'auth', access: 'public' },
  { method: 'POST', path: '/oauth/token', function: 'auth', access: 'public' },
  { method: 'GET', path: '/device', function: 'auth', access: 'public' },
  { method: 'POST', path: '/device', function: 'auth', access: 'public' },
  { method: 'GET', path: '/device/callback', function: 'auth', access: 'public' },
  { method: 'GET', path: '/device/confirm', function: 'auth', access: 'public' },
  { method: 'POST', path: '/device/decision', function: 'auth', access: 'public' },
  { method: 'GET', path: '/v1/devices', function: 'auth', access: 'owner' },
  { method: 'POST', path: '/v1/devices', function: 'auth', access: 'owner' },
  { method: 'DELETE', path: '/v1/devices', function: 'auth', access: 'owner' },
  { method: 'DELETE', path: '/v1/devices/{deviceId}', function: 'auth', access: 'owner' },
  // People who type an address, or a wrong one, get a page.
  { method: 'GET', path: '/', function: 'auth', access: 'public' },
  { method: 'GET', path: '/{path+}', function: 'auth', access: 'public' },
]
