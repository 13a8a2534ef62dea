import type { Context } from 'hono'
import type { z } from 'zod'
import { InvalidRequestError } from '../routes/parse-request.ts'

const formType = 'application/x-www-form-urlencoded'

/** None of our forms is longer. */
const maximumCharacters = 16 * 1024

/**
 * The parameters of a form-encoded body. None of them may come twice, and one without a value counts as left out (RFC 6749,
 * section 3.2). Throws an InvalidRequestError.
 */
export async function readForm(context: Context): Promise<Readonly<Record<string, string>>> {
  const [type = ''] = (context.req.header('content-type') ?? '').split(';')
  if (type.trim().toLowerCase() !== formType) throw new InvalidRequestError(`the body has to be ${formType}`)
  const text = await context.req.text()
  if (text.length > maximumCharacters) throw new InvalidRequestError('the body is too long')
  return singleParameters(new URLSearchParams(text))
}

/** The same, parsed. The message is one line of ASCII, as `error_description` has to be (RFC 6749, section 5.2). */
export function parseForm<T extends z.ZodType>(schema: T, form: Readonly<Record<string, string>>): z.output<T> {
  const parsed = schema.safeParse(form)
  if (parsed.success) return parsed.data
  const names = new Set(parsed.error.issues.map((issue) => issue.path.join('.')))
  throw new InvalidRequestError(`missing or not valid: ${[...names].join(', ')}`)
}

/** The parameters of a URL, by the same rules. */
export function readQuery(context: Context): Readonly<Record<string, string>> {
  return singleParameters(new URL(context.req.url).searchParams)
}

function singleParameters(parameters: URLSearchParams): Readonly<Record<string, string>> {
  const names = [...parameters.keys()]
  if (new Set(names).size < names.length) throw new InvalidRequestError('a parameter came more than once')
  return Object.fromEntries([...parameters].filter(([, value]) => value !== ''))
}
