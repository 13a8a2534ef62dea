import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { type ContentHash, contentHashOf } from '../../contract/content-hash.ts'
import { type UploadIdentity, verificationKey } from '../../contract/object-keys.ts'
import type { VerificationOutcome } from '../../contract/verifications.ts'
import { maximumReceives } from '../aws/deployment.ts'
import type { Backend } from '../backend.ts'

export type VerificationIdentity = Extract<UploadIdentity, { kind: 'verification' }>

/**
 * Reads one stored original to its end and writes down what was found. It may be called again at any point: what asked for it is
 * removed last, and without that nothing is left to be done.
 *
 * @param attempt how often this was begun, from 1
 */
export async function verifyOriginal(identity: VerificationIdentity, attempt: number, backend: Backend): Promise<void> {
  const { owner, verificationId, contentHash } = identity
  const key = verificationKey(owner, verificationId, contentHash)
  if ((await backend.uploads.findArrival(key)) === undefined) return // told by an earlier event, or expired
  const conclude = async (outcome: VerificationOutcome): Promise<void> => {
    await backend.verifications.put(owner, verificationId, contentHash, outcome)
    await backend.uploads.remove(key)
  }
  try {
    await conclude(await examine(identity, backend))
  } catch (error) {
    if (attempt >= maximumReceives) await conclude({ kind: 'failed' })
    throw error
  }
}

async function examine({ owner, contentHash }: VerificationIdentity, backend: Backend): Promise<VerificationOutcome> {
  const record = (await backend.index.find(owner, [contentHash])).get(contentHash)
  if (record === undefined) return { kind: 'missing' }
  const stored = await backend.storage.open(record.originalKey)
  if (stored.kind === 'archived') return stored
  const outcome = stored.kind === 'readable' ? await compare(stored.body, contentHash, backend.now) : outcomeWithoutBody(stored)
  // Whoever runs the backend has to know, whoever asked.
  if (outcome.kind !== 'verified') backend.log({ level: 'error', event: `original-${outcome.kind}`, contentHash })
  return outcome
}

function outcomeWithoutBody({ kind }: { readonly kind: 'missing' | 'damaged' }): VerificationOutcome {
  return { kind: kind === 'damaged' ? 'differs' : kind }
}

/** Holds one piece of it at a time, however large it is. */
async function compare(body: Readable, contentHash: ContentHash, now: () => Date): Promise<VerificationOutcome> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const piece of body) {
    hash.update(piece)
    sizeBytes += piece.length
  }
  if (contentHashOf(hash.digest()) !== contentHash) return { kind: 'differs' }
  return { kind: 'verified', sizeBytes, verifiedAt: now().toISOString() }
}
