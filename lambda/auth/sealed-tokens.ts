import * as z from 'zod'
import type { AuthKeys } from './auth-keys.ts'
import type { Tokens } from './managed-login.ts'

/** Where sealed tokens wait: first with the browser that signed in, after its approval with the grant of the device. */
export interface WaitingPlace {
  readonly kind: 'session' | 'grant'
  readonly id: string
}

const waitingTokensSchema = z.object({
  accessToken: z.string(),
  idToken: z.string(),
  refreshToken: z.string(),
  /** Epoch milliseconds. */
  accessTokenExpiresAt: z.int(),
})
export type WaitingTokens = z.infer<typeof waitingTokensSchema>

export function waitingTokensOf(tokens: Tokens, now: Date): WaitingTokens {
  return {
    accessToken: tokens.access_token,
    idToken: tokens.id_token,
    refreshToken: tokens.refresh_token,
    accessTokenExpiresAt: now.getTime() + tokens.expires_in * 1000,
  }
}

/** What was sealed for one place opens in no other. */
export function sealTokens(tokens: WaitingTokens, place: WaitingPlace, keys: AuthKeys): string {
  return keys.seal(JSON.stringify(tokens), contextOf(place))
}

/** Throws if they were sealed for another place, or were changed. */
export function openTokens(sealed: string, place: WaitingPlace, keys: AuthKeys): WaitingTokens {
  return waitingTokensSchema.parse(JSON.parse(keys.open(sealed, contextOf(place))))
}

function contextOf({ kind, id }: WaitingPlace): string {
  return `tokens of ${kind} ${id}`
}
