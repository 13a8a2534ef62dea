import type { z } from 'zod'
import { beginUploadsResponseSchema, confirmResponseSchema } from '../../contract/transfers.ts'
import type { ApiEvent } from '../../lambda/api.ts'
import type { OriginalInTest } from './originals-in-test.ts'
import { signedIn } from './recorded-events/recorded-events.ts'

/** The API's function, wherever it runs. */
export type ApiFunction = (event: ApiEvent) => Promise<{ readonly statusCode: number; readonly body: string }>

/** Posts JSON as this owner, and reads the answer as what it has to be. */
export async function post<Schema extends z.ZodType>(
  api: ApiFunction,
  path: string,
  { owner, json }: { readonly owner: string; readonly json: unknown },
  schema: Schema,
): Promise<z.infer<Schema>> {
  return schema.parse(JSON.parse((await api(signedIn('POST', path, { owner, json }))).body))
}

/** Sends an original that fits into one request. */
export async function sendByEvents(api: ApiFunction, owner: string, original: OriginalInTest): Promise<void> {
  const json = { originals: [original.candidate] }
  const [begun] = (await post(api, '/v1/uploads', { owner, json }, beginUploadsResponseSchema)).uploads
  if (begun?.kind !== 'put') throw new Error(`expected a put, got ${begun?.kind}`)
  const { url, headers } = begun.request
  const response = await fetch(url, { method: 'PUT', headers, body: new Uint8Array(original.bytes) })
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
}

/** What the API says of an original. */
export async function confirmByEvent(api: ApiFunction, owner: string, { candidate }: OriginalInTest) {
  const json = { photos: [{ contentHash: candidate.contentHash, locations: [] }] }
  return (await post(api, '/v1/photos/confirm', { owner, json }, confirmResponseSchema)).photos[0]?.kind
}
