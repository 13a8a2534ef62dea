import { createHash } from 'node:crypto'
import { type ContentHash, contentHashOf } from '../../../contract/content-hash.ts'
import { beginUploadsResponseSchema, downloadsResponseSchema, type SignedRequest } from '../../../contract/transfers.ts'
import type { Tokens } from './device-grant.ts'
import { ask, jsonOf } from './http-answer.ts'
import type { ServedAccounts } from './served-accounts.ts'
import { callApi } from './session-calls.ts'

export function hashOf(bytes: Buffer): ContentHash {
  return contentHashOf(createHash('sha256').update(bytes).digest())
}

/** Where S3 takes these bytes, as the API signs it. */
export async function signUpload(served: ServedAccounts, { access_token }: Tokens, bytes: Buffer): Promise<SignedRequest> {
  const originals = [{ contentHash: hashOf(bytes), sizeBytes: bytes.length, contentType: 'image/jpeg' }]
  const answer = await callApi(served, access_token, 'POST', '/v1/uploads', { originals })
  const [begun] = beginUploadsResponseSchema.parse(jsonOf(answer)).uploads
  if (begun?.kind !== 'put') throw new Error(`expected a put, got ${begun?.kind}`)
  return begun.request
}

/** Stores a photo, and waits for the backend to be done with it. */
export async function storePhoto(served: ServedAccounts, tokens: Tokens, bytes: Buffer): Promise<void> {
  const { url, method, headers } = await signUpload(served, tokens, bytes)
  const { status } = await ask(url, { method, headers, body: bytes })
  if (status !== 200) throw new Error(`the upload was answered with ${status}`)
  await served.backend.queue.whenIdle()
}

/** Where S3 gives the original, as the API signs it. */
export async function signDownload(served: ServedAccounts, { access_token }: Tokens, bytes: Buffer): Promise<SignedRequest> {
  const downloads = [{ contentHash: hashOf(bytes), variant: 'original' }]
  const answer = await callApi(served, access_token, 'POST', '/v1/downloads', { downloads })
  const [ready] = downloadsResponseSchema.parse(jsonOf(answer)).downloads
  if (ready?.kind !== 'ready') throw new Error('not signed')
  return ready.request
}
