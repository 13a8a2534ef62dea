import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'

const ivBytes = 12
const tagBytes = 16

/** What the one secret of a deployment is for. Each use has a key of its own (HKDF, RFC 5869), so that none can stand for another. */
export interface AuthKeys {
  /** How a user code is looked up: whoever reads the table cannot try out the 20^8 codes. */
  hashUserCode(userCode: string): string
  /** AES-256-GCM. Opens only for the same purpose and the same record, so that a sealed text cannot be moved to another. */
  seal(text: string, context: string): string
  /** Throws if the text was sealed for something else, or was changed. */
  open(sealed: string, context: string): string
  /** For the forms of one browser session. */
  csrfToken(sessionId: string): string
}

/** @param secret at least 32 random bytes */
export function createAuthKeys(secret: Uint8Array): AuthKeys {
  if (secret.length < 32) throw new Error('the secret of the auth functions is shorter than 32 bytes')
  const userCodeKey = deriveKey(secret, 'user code')
  const sealingKey = deriveKey(secret, 'sealing')
  const csrfKey = deriveKey(secret, 'csrf')

  return {
    hashUserCode: (userCode) => createHmac('sha256', userCodeKey).update(userCode).digest('hex'),
    seal: (text, context) => seal(text, context, sealingKey),
    open: (sealed, context) => open(sealed, context, sealingKey),
    csrfToken: (sessionId) => createHmac('sha256', csrfKey).update(sessionId).digest('base64url'),
  }
}

function deriveKey(secret: Uint8Array, use: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, new Uint8Array(), `photos auth: ${use}`, 32))
}

function seal(text: string, context: string, key: Buffer): string {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context))
  const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), encrypted]).toString('base64url')
}

function open(sealed: string, context: string, key: Buffer): string {
  const bytes = Buffer.from(sealed, 'base64url')
  const tag = bytes.subarray(ivBytes, ivBytes + tagBytes)
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(context)).setAuthTag(tag)
  return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]).toString('utf8')
}

/** A secret that nobody guesses: 32 random bytes as base64url, 43 characters. */
export function createRandomSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** What is kept of such a secret. It needs no salt and no work factor, since it cannot be guessed. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Whether two texts are the same, in a time that does not tell where they differ. */
export function isSameSecret(one: string, other: string): boolean {
  return timingSafeEqual(createHash('sha256').update(one).digest(), createHash('sha256').update(other).digest())
}
