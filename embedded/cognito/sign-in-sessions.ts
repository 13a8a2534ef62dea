import { createHmac, randomBytes } from 'node:crypto'
import * as z from 'zod'
import { ownerSchema } from '../../contract/owner.ts'
import { refreshGraceSeconds, refreshTokenDays } from '../../lambda/aws/deployment.ts'
import type { Account } from '../accounts.ts'
import { isSame } from '../is-same.ts'
import { type Issuer, tokenSeconds } from '../issuer.ts'
import { KeyLock } from '../s3/key-lock.ts'
import { CognitoError } from './aws-json.ts'
import type { SignInStore } from './sign-in-store.ts'

/** What a sign-in and each refresh gives. */
export interface SessionTokens {
  readonly accessToken: string
  readonly idToken: string
  readonly refreshToken: string
  readonly expiresInSeconds: number
  readonly scope: string
}

export interface NewSession {
  /** A sign-in begins one session: a second one with the same id is refused. */
  readonly id: string
  readonly account: Account
  readonly scope: string
  readonly nonce: string | undefined
}

/** What Cognito tells the trigger that runs before tokens are made. */
export interface TokenRequest {
  readonly kind: 'sign-in' | 'refresh'
  readonly account: Account
  readonly clientMetadata: Readonly<Record<string, string>>
}

export interface SignInSessions {
  /** Undefined when a session of this id was begun before. */
  begin(session: NewSession): Promise<SessionTokens | undefined>
  /** Throws a {@link CognitoError}: NotAuthorizedException, RefreshTokenReuseException, UserLambdaValidationException. */
  refresh(refreshToken: string, clientMetadata: Readonly<Record<string, string>>): Promise<SessionTokens>
  /** Whether the session that a refresh token is of has neither ended nor lost its account or password. */
  goesOn(refreshToken: string): Promise<boolean>
  /** Ends the session that a refresh token is of, also with one that was rotated away. No token of ours: nothing happens. */
  revoke(refreshToken: string): Promise<void>
  end(id: string): Promise<void>
}

export interface SignInSessionsOptions {
  readonly store: SignInStore
  readonly issuer: Issuer
  readonly secret: Uint8Array
  readonly findAccount: (owner: string) => Promise<Account | undefined>
  /** The pool's trigger; throws to refuse. */
  readonly beforeTokens: (request: TokenRequest) => Promise<void>
  readonly now: () => Date
}

const sessionSchema = z.object({
  owner: ownerSchema,
  /** The password of then; with another one the session has ended. */
  passwordId: z.string(),
  scope: z.string(),
  seed: z.string(),
  /** How often its refresh token was rotated; tokens of earlier generations are superseded. */
  generation: z.int().nonnegative(),
  rotatedAt: z.int(),
  expiresAt: z.int(),
})
type Session = Readonly<z.infer<typeof sessionSchema>>

/** Cognito's "refresh token expiration" as the template sets it. A rotated token keeps the remaining life. */
const lifeMs = refreshTokenDays * 24 * 60 * 60 * 1000

/** So long a superseded token still works, for a client that died before it wrote the new one down; Cognito's longest. */
const graceMs = refreshGraceSeconds * 1000

/**
 * The user pool's sessions. A refresh token is `ID.GENERATION.PROOF`: nothing of it but a number is kept, and a client that
 * shows the same token twice within the grace period gets the same successor twice.
 */
export function openSignInSessions(options: SignInSessionsOptions): SignInSessions {
  const { store, issuer, secret, findAccount, beforeTokens, now } = options
  const oneAtATime = new KeyLock()
  const keyOf = (id: string) => `session/${id}`
  const find = async (id: string): Promise<Session | undefined> => sessionSchema.safeParse(await store.find(keyOf(id))).data
  const save = (id: string, session: Session) => store.put(keyOf(id), session, new Date(session.expiresAt))

  const proofOf = (id: string, { seed }: Session, generation: number) =>
    createHmac('sha256', secret).update(`${id} ${generation} ${seed}`).digest('base64url')

  const tokensOf = async (id: string, session: Session, account: Account, nonce?: string): Promise<SessionTokens> => {
    const { owner, scope, generation } = session
    const signIn = { signInId: id, signedInAt: new Date(session.expiresAt - lifeMs) }
    const subject = { owner, scope, email: account.email, ...signIn, ...(nonce === undefined ? {} : { nonce }) }
    return {
      accessToken: await issuer.issueAccessToken(subject, now()),
      idToken: await issuer.issueIdToken(subject, now()),
      refreshToken: `${id}.${generation}.${proofOf(id, session, generation)}`,
      expiresInSeconds: tokenSeconds,
      scope,
    }
  }

  /** The session that a token is of, unless the token was made up or the session has ended. */
  const identify = async (refreshToken: string) => {
    const [, id = '', digits = '', proof = ''] = /^([\w-]{1,64})\.(\d{1,9})\.([\w-]{43})$/.exec(refreshToken) ?? []
    const session = id === '' ? undefined : await find(id)
    if (session === undefined) return undefined
    const generation = Number(digits)
    return isSame(proof, proofOf(id, session, generation)) ? { id, session, generation } : undefined
  }

  /** The same, with its account; undefined as well when that was removed or has another password. */
  const identifyAccount = async (refreshToken: string) => {
    const known = await identify(refreshToken)
    const account = known && (await findAccount(known.session.owner))
    return account !== undefined && account.passwordId === known?.session.passwordId ? { ...known, account } : undefined
  }

  const refresh = async (refreshToken: string, clientMetadata: Readonly<Record<string, string>>): Promise<SessionTokens> => {
    const known = await identifyAccount(refreshToken)
    if (known === undefined) throw new CognitoError('NotAuthorizedException', 'Invalid Refresh Token')
    const { id, session, generation, account } = known
    const isCurrent = generation === session.generation
    const isInGrace = generation === session.generation - 1 && now().getTime() - session.rotatedAt <= graceMs
    if (!isCurrent && !isInGrace) throw new CognitoError('RefreshTokenReuseException', 'Refresh token has been rotated already')
    await beforeTokens({ kind: 'refresh', account, clientMetadata })
    if (isInGrace) return await tokensOf(id, session, account)
    const rotated = { ...session, generation: generation + 1, rotatedAt: now().getTime() }
    await save(id, rotated)
    return await tokensOf(id, rotated, account)
  }

  return {
    begin: ({ id, account, scope, nonce }) =>
      oneAtATime.run(id, async () => {
        if ((await find(id)) !== undefined) return undefined
        await beforeTokens({ kind: 'sign-in', account, clientMetadata: {} })
        const { owner, passwordId } = account
        const time = now().getTime()
        const seed = randomBytes(16).toString('base64url')
        const session = { owner, passwordId, scope, seed, generation: 0, rotatedAt: time, expiresAt: time + lifeMs }
        await save(id, session)
        return await tokensOf(id, session, account, nonce)
      }),
    refresh: (refreshToken, clientMetadata) =>
      oneAtATime.run(refreshToken.split('.')[0] ?? '', () => refresh(refreshToken, clientMetadata)),
    goesOn: async (refreshToken) => (await identifyAccount(refreshToken)) !== undefined,
    revoke: (refreshToken) =>
      oneAtATime.run(refreshToken.split('.')[0] ?? '', async () => {
        const known = await identify(refreshToken)
        if (known !== undefined) await store.remove(keyOf(known.id))
      }),
    end: (id) => oneAtATime.run(id, () => store.remove(keyOf(id))),
  }
}
