import type { Context } from 'hono'
import * as z from 'zod'

/** What the caller sent is not what the contract says. The message is for the caller; it names fields, not values. */
export class InvalidRequestError extends Error {
  override readonly name = 'InvalidRequestError'
}

/** Parses at the door: what comes back can be trusted inside. */
export function parseRequest<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new InvalidRequestError(z.prettifyError(parsed.error))
}

/** The same for a JSON body. */
export async function parseBody<T extends z.ZodType>(schema: T, context: Context): Promise<z.output<T>> {
  const text = await context.req.text()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new InvalidRequestError('the body is not JSON', { cause })
  }
  return parseRequest(schema, value)
}
