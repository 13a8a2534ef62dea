import Provider, { type Configuration, errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider'
import { loopbackRedirectUris, signInScope } from '../../contract/remote-configuration.ts'
import type { LogEntry } from '../../lambda/log.ts'
import type { Account } from '../accounts.ts'
import { embeddedClientId, type Issuer } from '../issuer.ts'
import type { LibraryIdentity } from '../library.ts'
import { CognitoError } from './aws-json.ts'
import { failedPage } from './login-pages.ts'
import { authorizePath, loginPath } from './managed-login-endpoints.ts'
import { createOidcAdapter } from './oidc-adapter.ts'
import type { SessionTokens, SignInSessions } from './sign-in-sessions.ts'
import type { SignInStore } from './sign-in-store.ts'
import { findLogin } from './verified-login.ts'

export interface OidcServerOptions {
  readonly identity: LibraryIdentity
  readonly issuer: Issuer
  readonly store: SignInStore
  readonly sessions: SignInSessions
  readonly cookieSecret: Uint8Array
  /** The address that browsers see, without a slash at the end. */
  readonly publicUrl: string
  readonly findAccount: (owner: string) => Promise<Account | undefined>
  readonly now: () => Date
  readonly log: (entry: LogEntry) => void
}

/** How long a person may take over the login form. */
const interactionSeconds = 15 * 60
/** RFC 6749, section 4.1.2, asks for ten minutes at most; a browser that is sent back takes a second. */
const codeSeconds = 60

/**
 * The authorization code flow with PKCE, by oidc-provider: it checks requests, binds the login to the browser and gives and
 * takes back the code. What a code or a refresh token gives comes from the sessions, in Cognito's shape.
 */
export function createOidcServer(options: OidcServerOptions): Provider {
  const { issuer, sessions, findAccount, log } = options
  const provider = new Provider(issuer.url, configurationOf(options))
  // What the front writes into the headers, and nobody else.
  provider.proxy = true
  // Koa would print what went wrong.
  Object.assign(provider.app, { silent: true })
  provider.on('server_error', (_context, error) => {
    log({ level: 'error', event: 'sign-in-failed', error: `${error.name}: ${error.message}` })
  })
  provider.on('grant.revoked', (_context, grantId) => {
    // A code was shown twice: what it gave ends (RFC 6749, section 4.1.2).
    sessions.end(grantId).catch((error: unknown) => log({ level: 'error', event: 'revocation-failed', error: String(error) }))
  })

  provider.use(async (context: KoaContextWithOIDC, next: () => Promise<void>) => {
    await next()
    forgetBrowser(context)
    // oidc-provider lets scripts of any site read its errors; no page here has one.
    context.remove('access-control-allow-origin')
    if (context.oidc?.entities.AuthorizationCode !== undefined && context.status === 200) {
      await beginSession(context, sessions, findAccount)
    }
  })

  const refresh = async (context: KoaContextWithOIDC) => {
    try {
      context.body = bodyOf(await sessions.refresh(String(context.oidc.params?.['refresh_token']), {}))
    } catch (error) {
      if (error instanceof CognitoError) throw new errors.InvalidGrant(error.message)
      throw error
    }
  }
  provider.registerGrantType('refresh_token', refresh, ['refresh_token', 'scope'])
  return provider
}

function configurationOf(options: OidcServerOptions): Configuration {
  const { identity, store, cookieSecret, publicUrl, findAccount, now } = options
  const off = { enabled: false } as const
  return {
    adapter: createOidcAdapter(store, now),
    clients: [
      {
        client_id: embeddedClientId,
        token_endpoint_auth_method: 'none',
        redirect_uris: [`${publicUrl}/device/callback`, ...loopbackRedirectUris],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [{ ...identity.issuerKey, alg: 'ES256', use: 'sig' }] },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    clientAuthMethods: ['none'],
    responseTypes: ['code'],
    scopes: signInScope.split(' '),
    claims: { openid: ['sub'], email: ['email'] },
    pkce: { methods: ['S256'], required: () => true },
    routes: { authorization: authorizePath, token: '/oauth2/token' },
    cookies: {
      keys: [Buffer.from(cookieSecret).toString('base64url')],
      long: { httpOnly: true, sameSite: 'lax', signed: true },
      short: { httpOnly: true, sameSite: 'lax', signed: true },
    },
    features: {
      devInteractions: off,
      userinfo: off,
      rpInitiatedLogout: off,
      pushedAuthorizationRequests: off,
      resourceIndicators: off,
    },
    ttl: {
      Interaction: interactionSeconds,
      Session: interactionSeconds,
      Grant: interactionSeconds,
      AuthorizationCode: codeSeconds,
      AccessToken: codeSeconds,
      IdToken: codeSeconds,
    },
    clientBasedCORS: () => false,
    expiresWithSession: () => false,
    issueRefreshToken: () => false,
    interactions: { policy: askEveryTime(), url: (_context, interaction) => `${loginPath}/${interaction.uid}` },
    loadExistingGrant: grantEverything,
    findAccount: async (_context, loginId) => {
      const account = await findLogin(loginId, findAccount)
      return account && { accountId: loginId, claims: () => ({ sub: account.owner, email: account.email }) }
    },
    renderError: (context) => {
      context.type = 'html'
      context.body = String(failedPage())
    },
  }
}

/** The cookie by which oidc-provider would know the browser again is not given out: nobody stays signed in there. */
function forgetBrowser(context: KoaContextWithOIDC): void {
  const cookies = [context.response.get('set-cookie')].flat().filter((cookie) => cookie !== '' && !cookie.startsWith('_session'))
  if (cookies.length === 0) context.remove('set-cookie')
  else context.set('set-cookie', cookies)
}

/** Whoever sits at the browser says who they are, also when somebody did so before them. */
function askEveryTime(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base()
  const login = policy.get('login')
  login?.checks.clear()
  login?.checks.add(
    new interactionPolicy.Check('password', 'the password is asked for at every sign-in', 'login_required', ({ oidc }) => {
      if (oidc.result?.login === undefined) return true
      if (oidc.account === undefined)
        throw new errors.AccessDenied(undefined, 'the account or its password was changed meanwhile')
      return false
    }),
  )
  return policy
}

/** The one client is the product itself: to sign in to it is to allow what it asks for. Each sign-in has a grant of its own. */
async function grantEverything({ oidc }: KoaContextWithOIDC) {
  const { client, session } = oidc
  if (client === undefined || session?.accountId === undefined) return undefined
  const grant = new oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId })
  grant.addOIDCScope(signInScope)
  await grant.save()
  return grant
}

/** After oidc-provider has taken back a code: the session of that sign-in, once. */
async function beginSession(
  context: KoaContextWithOIDC,
  sessions: SignInSessions,
  findAccount: OidcServerOptions['findAccount'],
): Promise<void> {
  const code = context.oidc.entities.AuthorizationCode
  const account = code?.accountId === undefined ? undefined : await findLogin(code.accountId, findAccount)
  const id = code?.grantId
  const tokens =
    id === undefined || account === undefined
      ? undefined
      : await sessions.begin({ id, account, scope: code?.scope ?? '', nonce: code?.nonce })
  context.status = tokens === undefined ? 400 : 200
  context.body = tokens === undefined ? { error: 'invalid_grant', error_description: 'grant request is invalid' } : bodyOf(tokens)
}

/** RFC 6749, section 5.1, as Cognito answers: the ID token only to who asked for one. */
function bodyOf({ accessToken, idToken, refreshToken, expiresInSeconds, scope }: SessionTokens) {
  return {
    access_token: accessToken,
    ...(scope.split(' ').includes('openid') ? { id_token: idToken } : {}),
    refresh_token: refreshToken,
    token_type: 'Bearer',
    expires_in: expiresInSeconds,
  }
}
