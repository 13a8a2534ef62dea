import { type IncomingHttpHeaders, request } from 'node:http'

export interface Question {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Buffer
  /** The loopback address that the request comes from: limits are counted by it. */
  readonly from?: string
}

export interface HttpAnswer {
  /** What was asked for. */
  readonly url: string
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** One request exactly as it is told: no redirect is followed, no header is added, and what is odd about it is sent as it is. */
export async function ask(url: string, question: Question = {}): Promise<HttpAnswer> {
  const { method = 'GET', headers = {}, body, from } = question
  return await new Promise((resolve, reject) => {
    const asked = request(url, { method, ...(from !== undefined && { localAddress: from }) }, (answered) => {
      const chunks: Buffer[] = []
      answered.on('data', (chunk: Buffer) => chunks.push(chunk))
      answered.on('error', reject)
      answered.on('end', () =>
        resolve({
          url,
          status: answered.statusCode ?? 0,
          headers: answered.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      )
    })
    asked.on('error', reject)
    for (const [name, value] of Object.entries(headers)) asked.setHeader(name, value)
    asked.end(body)
  })
}

export interface FormQuestion extends Question {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What an HTML form, and OAuth's endpoints, are asked. */
export function formOf(values: Readonly<Record<string, string>>): FormQuestion {
  return formOfPairs(Object.entries(values))
}

/** The same, where a name may come twice. */
export function formOfPairs(pairs: readonly (readonly [string, string])[]): FormQuestion {
  const parameters = new URLSearchParams()
  for (const [name, value] of pairs) parameters.append(name, value)
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: parameters.toString(),
  }
}

/** The JSON of an answer; throws where there is none. */
export function jsonOf({ body }: HttpAnswer): unknown {
  return JSON.parse(body)
}

let lastAddress = 1

/** A loopback address that no other test of this file comes from. */
export function newAddress(): string {
  lastAddress += 1
  return `127.0.${lastAddress >> 8}.${lastAddress & 255}`
}
