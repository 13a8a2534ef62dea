import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import { apiErrorSchema } from '../../contract/api-error.ts'
import { UserError } from '../errors.ts'
import type { Session, TokenOptions } from '../session/session.ts'
import { UserPoolUnreachableError } from '../session/user-pool.ts'
import { defaultSignInHint, notAPhotosAnswer, refused, sessionRefused, tooManyDevices, unreachable } from './remote-errors.ts'
import { isNetworkError, parseRetryAfter, RetryableError, retry } from './retry.ts'
import { AnswerTooLongError, answerInTime, readBody, startExchange, type Transport } from './transport.ts'

/** One call: `path` is relative to the API's address; a `body` makes it a POST unless `method` says otherwise. */
export interface ApiCall<T> {
  readonly path: string
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
  readonly answer: z.ZodType<T>
  readonly signal?: AbortSignal | undefined
}

export interface ApiClientOptions {
  /** The address that paths are relative to. */
  readonly url: string
  readonly transport: Transport
  /** Absent for what anyone may read. */
  readonly session?: Session | undefined
  /** What to type when the session is not accepted; `photos login` unless there is something better. */
  readonly signInHint?: string | undefined
  readonly maximumAttempts?: number
  /** The error to throw in place of the one that speaks of the network, for who knows better why nobody answers. */
  readonly whenUnreachable?: ((cause: unknown) => UserError) | undefined
}

/** Calls the API. `undefined` is the answer to what is not there (404). */
export type ApiClient = <T>(call: ApiCall<T>) => Promise<T | undefined>

interface JsonAnswer {
  readonly status: number
  readonly body: unknown
}

/** A hundred entries with the longest of paths are less than a fifth of it. */
const longestAnswerBytes = 16 * 1024 * 1024
/** Of what a remote says in words. */
const longestWords = 200
const passingStatuses = new Set([429, 500, 502, 503, 504])

/**
 * A caller of the API that retries what may be retried and parses every answer. Throws a `UserError` with exit code 5
 * when the remote cannot be reached, refuses the call, or answers what no remote would; with 12 when it does not accept
 * the session, nor a token that the session has made anew.
 */
export function createApiClient(options: ApiClientOptions): ApiClient {
  return async (call) => {
    const { status, body } = await callWithRetries(call, options)
    if (status === 404) return undefined
    if (status >= 200 && status < 300) return parseAnswer(call, body, options)
    throw errorOfStatus(status, body, call.path, options)
  }
}

async function callWithRetries<T>(call: ApiCall<T>, options: ApiClientOptions): Promise<JsonAnswer> {
  const { maximumAttempts, transport } = options
  try {
    return await retry(() => callInSession(call, options), {
      clock: transport.clock,
      patience: transport.outage.api,
      signal: call.signal,
      ...(maximumAttempts === undefined ? {} : { maximumAttempts }),
    })
  } catch (error) {
    if (isNetworkError(error)) throw options.whenUnreachable?.(error) ?? unreachable(options.url, error)
    if (error instanceof SessionUnreachableError) throw error.told
    if (error instanceof RetryableError) throw unreachable(options.url, error)
    if (error instanceof AnswerTooLongError) throw notAPhotosAnswer(options.url, answerTo(call), error.message, error)
    throw error
  }
}

/** A token may be refused before its time, as when this machine's clock is wrong: then another one, once. */
async function callInSession<T>(call: ApiCall<T>, options: ApiClientOptions): Promise<JsonAnswer> {
  const { session } = options
  if (!session) return await callOnce(call, undefined, options)
  const token = await accessToken(session, {}, call)
  const answer = await callOnce(call, token, options)
  if (answer.status !== 401) return answer
  return await callOnce(call, await accessToken(session, { refused: token }, call), options)
}

/** In an outage the session cannot be refreshed either: that passes with it. */
async function accessToken<T>(
  session: Session,
  { refused }: Pick<TokenOptions, 'refused'>,
  { signal }: ApiCall<T>,
): Promise<string> {
  try {
    return await session.accessToken({ refused, signal })
  } catch (error) {
    if (!(error instanceof UserError && error.cause instanceof UserPoolUnreachableError)) throw error
    throw new SessionUnreachableError(error)
  }
}

class SessionUnreachableError extends RetryableError {
  override readonly name = 'SessionUnreachableError'
  readonly told: UserError

  constructor(told: UserError) {
    super(told.message, { cause: told })
    this.told = told
  }
}

async function callOnce<T>(
  call: ApiCall<T>,
  token: string | undefined,
  { url, transport }: ApiClientOptions,
): Promise<JsonAnswer> {
  const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body))
  const headers = {
    accept: 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(body.length) }),
  }
  const target = addressOf(call, url)
  const method = call.method ?? (body ? 'POST' : 'GET')
  const { request, response } = startExchange(transport, { method, url: target, headers }, call.signal)
  let finished = false
  try {
    request.end(body)
    const answer = await answerInTime(transport, request, readJson(response, transport))
    finished = true
    return answer
  } finally {
    if (!finished) request.destroy()
  }
}

function addressOf(call: Pick<ApiCall<unknown>, 'path' | 'query'>, base: string): string {
  const address = new URL(call.path, base.endsWith('/') ? base : `${base}/`)
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) address.searchParams.set(name, value)
  }
  return address.href
}

async function readJson(answer: Promise<IncomingMessage>, transport: Transport): Promise<JsonAnswer> {
  const response = await answer
  const status = response.statusCode ?? 0
  const text = (await readBody(response, longestAnswerBytes)).toString()
  if (passingStatuses.has(status)) {
    const retryAfterMs = parseRetryAfter(response.headers['retry-after'], transport.serverClock.now().getTime())
    throw new RetryableError(`it answers ${status}`, { retryAfterMs })
  }
  try {
    return { status, body: JSON.parse(text) }
  } catch {
    return { status, body: undefined } // a page of a proxy or of another product: the schema will say so
  }
}

function parseAnswer<T>(call: ApiCall<T>, body: unknown, { url }: ApiClientOptions): T {
  const parsed = call.answer.safeParse(body)
  if (parsed.success) return parsed.data
  throw notAPhotosAnswer(url, answerTo(call), 'it holds something else', parsed.error)
}

function answerTo({ path }: Pick<ApiCall<unknown>, 'path'>): string {
  return `the answer to ${path}`
}

function errorOfStatus(status: number, body: unknown, path: string, { url, signInHint }: ApiClientOptions): Error {
  const said = apiErrorSchema.safeParse(body).data?.error
  if (status === 401 || status === 403) return sessionRefused(url, signInHint ?? defaultSignInHint)
  if (said?.code === 'too_many_devices') return tooManyDevices(url)
  if (said === undefined) return notAPhotosAnswer(url, answerTo({ path }), `its status is ${status}`)
  return refused(url, path, `${status} ${said.code} (${said.message.slice(0, longestWords)})`)
}
