import type { IncomingMessage } from 'node:http'
import type { CustomFetchOptions } from 'oauth4webapi'
import { notAPhotosAnswer } from '../remote/remote-errors.ts'
import { AnswerTooLongError, answerInTime, readBody, startExchange, type Transport } from '../remote/transport.ts'

/** What OAuth's libraries ask for. */
export type OAuthFetch = (url: string, options: CustomFetchOptions<'POST', URLSearchParams>) => Promise<Response>

/** An OAuth answer is a few tokens. */
const longestAnswerBytes = 256 * 1024
const bodiless = new Set([204, 304])

/** `fetch` over the connections of a run, with its errors: those of the network keep their codes. */
export function createOAuthFetch(transport: Transport): OAuthFetch {
  return async (url, { method, headers, body, signal }) => {
    const bytes = Buffer.from(body.toString())
    const sent = { ...headers, 'content-length': String(bytes.length) }
    const { request, response } = startExchange(transport, { method, url, headers: sent }, signal ?? undefined)
    try {
      request.end(bytes)
      return await answerInTime(transport, request, asResponse(response))
    } catch (error) {
      if (error instanceof AnswerTooLongError) throw notAPhotosAnswer(url, 'the answer to the sign-in', error.message, error)
      throw error
    } finally {
      request.destroy()
    }
  }
}

async function asResponse(answer: Promise<IncomingMessage>): Promise<Response> {
  const message = await answer
  const status = message.statusCode ?? 0
  const text = (await readBody(message, longestAnswerBytes)).toString()
  const contentType = message.headers['content-type'] ?? 'text/plain'
  return new Response(bodiless.has(status) ? null : text, { status, headers: { 'content-type': contentType } })
}
