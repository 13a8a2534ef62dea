import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'

export interface SeenRequest {
  /** `POST /v1/downloads`; a call of Cognito by its own name; a path without its query. */
  readonly name: string
  readonly status: number
}

interface Finished {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** Every request that a server of this process answers while the test runs, in the order in which they were answered. */
export function watchRequests(url: string): SeenRequest[] {
  const seen: SeenRequest[] = []
  const { host } = new URL(url)
  const onFinish = (message: unknown): void => {
    if (!isFinished(message)) return
    const { request, response } = message
    if (request.headers.host !== host) return
    const target = request.headers['x-amz-target']
    const name = target === undefined ? `${request.method} ${request.url?.split('?')[0]}` : String(target).split('.').at(-1)
    seen.push({ name: name ?? '', status: response.statusCode })
  }
  subscribe('http.server.response.finish', onFinish)
  onTestFinished(() => void unsubscribe('http.server.response.finish', onFinish))
  return seen
}

function isFinished(message: unknown): message is Finished {
  return typeof message === 'object' && message !== null && 'request' in message && 'response' in message
}
