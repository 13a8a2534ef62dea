import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

export interface Question {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** The certificate to trust. */
  readonly ca?: string | undefined
  /** The address of this machine to ask from. */
  readonly from?: string | undefined
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** One request, without following where it leads. */
export async function ask(url: string, { method = 'GET', headers = {}, body, ca, from }: Question = {}): Promise<Answer> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp
  const options = { method, headers, agent: false as const, ...(ca && { ca }), ...(from && { localAddress: from }) }
  const asked = request(url, options)
  asked.end(body)
  const [response]: IncomingMessage[] = await once(asked, 'response')
  if (response === undefined) throw new Error('no answer')
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  return { status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() }
}

export async function askForm(url: string, form: Readonly<Record<string, string>>, question: Question = {}): Promise<Answer> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', ...question.headers }
  return await ask(url, { ...question, method: 'POST', headers, body: new URLSearchParams(form).toString() })
}
