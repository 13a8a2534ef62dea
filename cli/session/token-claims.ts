import * as z from 'zod'
import { ownerSchema } from '../../contract/owner.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'

const idTokenClaimsSchema = z.object({
  sub: ownerSchema,
  email: z.string().optional(),
  iat: z.number(),
  exp: z.number(),
})
export type IdTokenClaims = z.infer<typeof idTokenClaimsSchema>

/**
 * What an ID token says. Its signature is not checked: it came from the token endpoint itself (OpenID Connect Core 1.0,
 * section 3.1.3.7, number 6), and only who verifies it may believe it. Throws a `UserError`
 * with exit code 5 for what is no token, without quoting it.
 */
export function readIdToken(idToken: string): IdTokenClaims {
  const [, payload = ''] = idToken.split('.')
  const claims = idTokenClaimsSchema.safeParse(parseJson(Buffer.from(payload, 'base64url').toString()))
  if (!claims.success) {
    throw new UserError('the ID token of the remote is not what a photos remote answers', {
      exitCode: exitCodes.remoteUnreachable,
      hint: 'check its address; if it is right, report it to who runs the remote',
    })
  }
  return claims.data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
