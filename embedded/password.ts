import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import pLimit from 'p-limit'
import * as z from 'zod'

/** What is kept of a password. The parameters stand beside it, so that later releases may raise them. */
export const passwordHashSchema = z.object({
  algorithm: z.literal('scrypt'),
  N: z.int().positive(),
  r: z.int().positive(),
  p: z.int().positive(),
  salt: z.base64url(),
  hash: z.base64url(),
})
export type PasswordHash = z.infer<typeof passwordHashSchema>

/** What scrypt spends on a password. */
export type PasswordCost = Readonly<Pick<PasswordHash, 'N' | 'r' | 'p'>>

/** 32 MiB and a fifth of a second or more a password. Source: OWASP Password Storage Cheat Sheet, "scrypt". */
export const passwordCost: PasswordCost = { N: 2 ** 15, r: 8, p: 3 }
const hashBytes = 32
const saltBytes = 16

/** One at a time: a small machine must not run out of memory because many knock. */
const oneAtATime = pLimit(1)

export async function hashPassword(password: string, { N, r, p }: PasswordCost): Promise<PasswordHash> {
  const salt = randomBytes(saltBytes)
  const hash = await derive(password, salt, { N, r, p })
  return { algorithm: 'scrypt', N, r, p, salt: salt.toString('base64url'), hash: hash.toString('base64url') }
}

export function isSameCost(one: PasswordCost, other: PasswordCost): boolean {
  return one.N === other.N && one.r === other.r && one.p === other.p
}

/**
 * Whether the password is the one that was hashed. Does the same work in the same order with any hash and without one, so that
 * nobody learns which emails there are.
 * @param costs of all passwords that there are, each once
 */
export async function matchesPassword(
  password: string,
  known: PasswordHash | undefined,
  costs: readonly PasswordCost[],
): Promise<boolean> {
  let isRight = false
  for (const cost of costs) {
    const own = known !== undefined && isSameCost(cost, known) ? known : undefined
    const salt = own === undefined ? randomBytes(saltBytes) : Buffer.from(own.salt, 'base64url')
    const given = await derive(password, salt, cost)
    if (own !== undefined) isRight = isSameHash(given, Buffer.from(own.hash, 'base64url'))
  }
  return isRight
}

function isSameHash(given: Buffer, right: Buffer): boolean {
  return given.length === right.length && timingSafeEqual(given, right)
}

/**
 * The same password may come as different code points from the keyboards of different makers. Source: NIST SP 800-63B-4,
 * section 3.1.1.2, which asks for NFKC or NFKD.
 */
export function normalizePassword(password: string): string {
  return password.normalize('NFKC')
}

function derive(password: string, salt: Buffer, { N, r, p }: PasswordCost): Promise<Buffer> {
  const options = { N, r, p, maxmem: 128 * 2 ** 20 }
  return oneAtATime(
    () =>
      new Promise<Buffer>((resolve, reject) => {
        scrypt(normalizePassword(password), salt, hashBytes, options, (error, key) => (error ? reject(error) : resolve(key)))
      }),
  )
}
