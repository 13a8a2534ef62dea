import { UserError } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { type Clock, RetryableError, retry } from '../remote/retry.ts'
import {
  AnswerTooLongError,
  answerInTime,
  createTransport,
  readBody,
  startExchange,
  type Transport,
} from '../remote/transport.ts'
import { isSuccess } from './is-success.ts'

export interface PingOptions {
  readonly transport: Transport
  readonly signal?: AbortSignal
}

const attempts = 3
const patienceMs = 10_000
const longestAnswerBytes = 64 * 1024

/** The connections of pings: ten seconds is all that a run waits for one. */
export function createPingTransport(clock: Partial<Clock> = {}): Transport {
  return createTransport({ clock, inactivityMs: patienceMs, answerWithinMs: patienceMs })
}

/**
 * The address to ping. It is a secret: whoever knows it can say in the owner's name that all is well. So it is in no message,
 * not even in that of the `UserError` (exit code 2) for what is none.
 */
export function parsePingUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url
  throw new UserError('--ping-url is no web address', {
    exitCode: exitCodes.usage,
    hint: 'give all of it, as the page of your check shows it: https://hc-ping.com/UUID',
  })
}

/** Where to say that a run has begun, or how it ended. Source: https://healthchecks.io/docs/http_api/ */
export function pingAddress(base: URL, moment: 'start' | ExitCode): URL {
  const address = new URL(base)
  if (moment !== 'start' && isSuccess(moment)) return address
  address.pathname = `${base.pathname.replace(/\/+$/, '')}/${moment}`
  return address
}

/**
 * Sends one ping, with at most three attempts of ten seconds each. Never throws: resolves with why it was in vain, in lower
 * case and without the address, or with undefined.
 */
export async function ping(address: URL, text: string, options: PingOptions): Promise<string | undefined> {
  const { transport, signal } = options
  try {
    await retry(() => post(address, text, options), { clock: transport.clock, maximumAttempts: attempts, signal })
    return undefined
  } catch (error) {
    if (error instanceof PingRefused || error instanceof PingRedirected) return error.message
    return error instanceof UserError ? 'its certificate is not trusted, or it does not speak https' : 'nobody answers there'
  }
}

class PingRefused extends RetryableError {
  override readonly name = 'PingRefused'
}

/** Not followed, since it would lead a secret elsewhere; and the same the next time. */
class PingRedirected extends Error {
  override readonly name = 'PingRedirected'

  constructor() {
    super('it redirects; give the address that it leads to')
  }
}

async function post(address: URL, text: string, { transport, signal }: PingOptions): Promise<void> {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'content-length': String(Buffer.byteLength(text)) }
  const { request, response } = startExchange(transport, { method: 'POST', url: address.href, headers }, signal)
  request.end(text)
  const status = await answerInTime(transport, request, statusOf(response))
  if (status > 299 && status < 400) throw new PingRedirected()
  if (status < 200 || status > 299) throw new PingRefused(`the answer was ${status}`)
}

async function statusOf(response: ReturnType<typeof startExchange>['response']): Promise<number> {
  const answer = await response
  try {
    await readBody(answer, longestAnswerBytes)
  } catch (error) {
    if (!(error instanceof AnswerTooLongError)) throw error // what a page says beside its status is of no use here
  }
  return answer.statusCode ?? 0
}
