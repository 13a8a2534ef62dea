import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyOf, listen } from '../../cli/remote/scripted-server.ts'
import { remoteConfigurationInTest } from '../../cli/remote-configuration-in-test.ts'

type Answer = readonly [status: number, body: unknown]

/** What the remote answers in place of what a good one would, by its path or by the `x-amz-target` of the user pool. */
export type Hostility = Readonly<Record<string, Answer | ((request: IncomingMessage, response: ServerResponse) => void)>>

export interface HostileRemote {
  readonly url: string
  /** Paths, or operations of the user pool, in the order in which they were asked for. */
  readonly asked: readonly string[]
  /** From now on, too. */
  answer(hostility: Hostility): void
}

/** A remote that lets everyone in, and answers whatever a test says. */
export async function hostileRemote(hostility: Hostility = {}): Promise<HostileRemote> {
  const asked: string[] = []
  const answers: Record<string, Hostility[string]> = {}
  const url = await listen(async (request, response) => {
    await bodyOf(request)
    const path = operationOf(request)
    asked.push(path)
    const answer = answers[path] ?? [404, { message: 'Not Found' }]
    if (typeof answer === 'function') return void answer(request, response)
    response
      .writeHead(answer[0], { 'content-type': 'application/json' })
      .end(JSON.stringify(answer[1]).replaceAll('https://photos.invalid', `http://${request.headers.host}`))
  })
  Object.assign(answers, goodAnswers(url), hostility)
  return { url, asked, answer: (more) => void Object.assign(answers, more) }
}

const issuer = 'https://issuer.invalid'
const clientId = 'photos-cli'

/** `https://photos.invalid` stands for the remote's own address. */
export const deviceAuthorization = {
  device_code: 'the-device-code',
  user_code: 'BBBB-BBBB',
  verification_uri: 'https://photos.invalid/device',
  expires_in: 600,
  interval: 5,
}

export const oauthTokens = {
  access_token: 'access',
  id_token: jwtOf({ sub: 'mallory', email: 'mallory@example.com' }),
  refresh_token: 'refresh',
  token_type: 'Bearer',
  expires_in: 1800,
}

function goodAnswers(url: string): Hostility {
  return {
    '/.well-known/photos.json': [200, remoteConfigurationInTest(url, { issuer, clientId })],
    '/oauth/device_authorization': [200, deviceAuthorization],
    '/oauth/token': [200, oauthTokens],
    '/v1/devices': [201, { deviceId: 'device12', deviceSecret: 's'.repeat(43) }],
    RevokeToken: [200, {}],
  }
}

export function jwtOf(claims: Readonly<Record<string, unknown>>): string {
  const now = Math.floor(Date.now() / 1000)
  const all = { iss: issuer, aud: clientId, iat: now, exp: now + 1800, ...claims }
  return `${base64url({ alg: 'ES256' })}.${base64url(all)}.c2lnbmF0dXJl`
}

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function operationOf({ headers, url = '' }: IncomingMessage): string {
  return headers['x-amz-target']?.toString().split('.').at(-1) ?? url
}
