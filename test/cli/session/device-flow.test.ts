import type { RequestListener } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTransport } from '../../../cli/remote/transport.ts'
import { type DeviceCodeShown, signInByDevice } from '../../../cli/session/device-flow.ts'
import type { SignInTokens } from '../../../cli/session/oauth-client.ts'
import { bodyOf, listen } from '../remote/scripted-server.ts'
import { remoteConfigurationInTest } from '../remote-configuration-in-test.ts'

type Answer = readonly [status: number, body: unknown] | 'no answer'

/** `https://photos.invalid` stands for the server's own address. */
const authorization = {
  device_code: 'the-device-code',
  user_code: 'WDJB-MJHT',
  verification_uri: 'https://photos.invalid/device',
  verification_uri_complete: 'https://photos.invalid/device?user_code=WDJB-MJHT',
  expires_in: 600,
  interval: 5,
}
const pending: Answer = [400, { error: 'authorization_pending' }]
const slowDown: Answer = [400, { error: 'slow_down' }]

interface Flow {
  readonly url: string
  readonly signedIn: Promise<SignInTokens>
  readonly shown: readonly DeviceCodeShown[]
  /** Between the polls, in seconds. */
  readonly pauses: readonly number[]
  readonly requests: readonly { readonly path: string; readonly form: Readonly<Record<string, string>> }[]
}

/** The flow with a server that answers the polls in this order; time passes only between them. */
async function startFlow(answers: readonly Answer[], begin: Answer = [200, authorization], signal?: AbortSignal): Promise<Flow> {
  const shown: DeviceCodeShown[] = []
  const pauses: number[] = []
  const requests: { path: string; form: Record<string, string> }[] = []
  const polls = [...answers]
  const listener: RequestListener = async (request, response) => {
    const path = request.url ?? ''
    requests.push({ path, form: Object.fromEntries(new URLSearchParams((await bodyOf(request)).toString())) })
    const answer = path === '/oauth/device_authorization' ? begin : (polls.shift() ?? pending)
    if (answer === 'no answer') return void request.socket.destroy()
    const body = JSON.stringify(answer[1]).replaceAll('https://photos.invalid', `http://${request.headers.host}`)
    response.writeHead(answer[0], { 'content-type': 'application/json' }).end(body)
  }
  const url = await listen(listener)
  let nowMs = Date.now()
  const delay = async (milliseconds: number): Promise<void> => {
    pauses.push(milliseconds / 1000)
    nowMs += milliseconds
  }
  const transport = createTransport({ clock: { now: () => nowMs, delay } })
  onTestFinished(() => transport.close())
  const signedIn = signInByDevice({
    configuration: remoteConfigurationInTest(url, { clientId: 'photos-cli', issuer: 'https://issuer.invalid' }),
    transport,
    command: 'photos login URL',
    deviceName: 'nas',
    show: async (code) => void shown.push(code),
    signal,
  })
  signedIn.catch(() => {}) // each test awaits it
  return { url, signedIn, shown, pauses, requests }
}

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function idToken(claims: Readonly<Record<string, unknown>> = {}): string {
  const now = Math.floor(Date.now() / 1000)
  const all = { iss: 'https://issuer.invalid', aud: 'photos-cli', sub: 'anna', iat: now, exp: now + 1800, nonce: 'n', ...claims }
  return `${base64url({ alg: 'RS256' })}.${base64url(all)}.c2lnbmF0dXJl`
}

const tokens = (id = idToken()): Answer => [
  200,
  { access_token: 'access', id_token: id, refresh_token: 'refresh', token_type: 'Bearer', expires_in: 1800 },
]

test('asks for a code, shows it, polls as told until it is approved', async () => {
  const id = idToken()
  const flow = await startFlow([pending, pending, tokens(id)])
  expect(await flow.signedIn).toEqual({
    accessToken: 'access',
    idToken: id,
    refreshToken: 'refresh',
    expiresInSeconds: 1800,
  })
  expect(flow.shown).toEqual([
    {
      userCode: 'WDJB-MJHT',
      verificationUri: `${flow.url}/device`,
      verificationUriComplete: `${flow.url}/device?user_code=WDJB-MJHT`,
      expiresInSeconds: 600,
    },
  ])
  const poll = {
    path: '/oauth/token',
    form: {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: 'the-device-code',
      client_id: 'photos-cli',
    },
  }
  expect(flow.requests).toEqual([
    {
      path: '/oauth/device_authorization',
      form: { client_id: 'photos-cli', scope: 'openid email photos/access', device_name: 'nas' },
    },
    poll,
    poll,
    poll,
  ])
  expect(flow.pauses).toEqual([5, 5, 5])
})

test.each<[string, readonly Answer[], readonly number[]]>([
  ['slow_down adds five seconds, for good', [pending, slowDown, pending, slowDown, tokens()], [5, 5, 10, 10, 15]],
  [
    'a lost connection doubles the pause, up to a minute',
    [...Array<Answer>(5).fill('no answer'), tokens()],
    [5, 10, 20, 40, 60, 60],
  ],
  ['so does a remote in trouble', [[503, { message: 'Service Unavailable' }], [429, {}], tokens()], [5, 10, 20]],
])('%s', async (_name, answers, pauses) => {
  const flow = await startFlow(answers)
  await flow.signedIn
  expect(flow.pauses).toEqual(pauses)
})

test('without an interval polls every five seconds', async () => {
  const { interval: _, ...silent } = authorization
  const flow = await startFlow([pending, tokens()], [200, silent])
  await flow.signedIn
  expect(flow.pauses).toEqual([5, 5])
})

describe('a remote that asks for what no person would wait for', () => {
  test.each<[string, number | undefined, number]>([
    ['no pause', 0.001, 1],
    ['a pause of 25 days, which no timer knows', 2_147_484, 60],
    ['a pause without end', 1e308, 60],
  ])('%s is polled all the same', async (_name, interval, pause) => {
    const flow = await startFlow([pending, tokens()], [200, { ...authorization, interval }])
    await flow.signedIn
    expect(flow.pauses).toEqual([pause, pause])
  })

  test('gives a code for ever: it is good for an hour', async () => {
    const begin: Answer = [200, { ...authorization, interval: 60, expires_in: 1e300 }]
    const flow = await startFlow(Array<Answer>(200).fill(pending), begin)
    await expect(flow.signedIn).rejects.toMatchObject({ exitCode: 12 })
    expect(flow.shown).toMatchObject([{ expiresInSeconds: 3600 }])
    expect(flow.pauses).toHaveLength(60)
  })

  test.each([
    ['interval', 0],
    ['interval', -1],
    ['interval', 'soon'],
    ['expires_in', -5],
    ['expires_in', 'never'],
    ['expires_in', undefined],
  ])('%s: %j is refused', async (name, value) => {
    const flow = await startFlow([], [200, { ...authorization, [name]: value }])
    await expect(flow.signedIn).rejects.toMatchObject({ name: 'UserError', exitCode: 5 })
    expect(flow.shown).toEqual([])
  })
})

describe('ends with exit code 12', () => {
  test.each<[string, readonly Answer[], string, string]>([
    [
      'access_denied',
      [pending, [400, { error: 'access_denied' }]],
      'the sign-in was denied in the browser',
      'try again: photos login',
    ],
    [
      'expired_token',
      [[400, { error: 'expired_token' }]],
      'the code expired before the sign-in was approved',
      'get a new one: photos login',
    ],
    ['its own clock', Array<Answer>(200).fill(pending), 'the code expired before the sign-in was approved', 'get a new one'],
    ['invalid_grant', [[400, { error: 'invalid_grant' }]], '127.0.0.1:PORT refuses the sign-in: invalid_grant', 'try again'],
    ['hostile words', [[400, { error: '\u001b[2J' }]], '127.0.0.1:PORT refuses the sign-in: for an unknown reason', 'try again'],
    ['an ID token for another client', [tokens(idToken({ aud: 'other' }))], 'unexpected JWT "aud"', 'try again'],
    ['an ID token of another issuer', [tokens(idToken({ iss: 'https://other.invalid' }))], 'unexpected JWT "iss"', 'try again'],
    ['an ID token of long ago', [tokens(idToken({ iat: 1, exp: 2 }))], 'JWT "exp"', 'check the clock of this machine'],
  ])('%s', async (_name, answers, message, hint) => {
    const flow = await startFlow(answers)
    const error: unknown = await flow.signedIn.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'UserError', exitCode: 12, hint: expect.stringContaining(hint) })
    expect(String(error).replace(/:\d+ /, ':PORT ')).toContain(message)
    expect(error).not.toHaveProperty('cause.cause') // the library's errors hold answers
  })
})

test('polls no more after the code has expired', async () => {
  const flow = await startFlow(Array<Answer>(200).fill(pending), [200, { ...authorization, expires_in: 60 }])
  await expect(flow.signedIn).rejects.toMatchObject({ exitCode: 12 })
  expect(flow.pauses).toHaveLength(12)
})

test.each<[string, Answer]>([
  ['is busy', [429, { error: 'too_many_requests' }]],
  ['does not answer', 'no answer'],
])('a remote that %s at the beginning is unreachable', async (_name, begin) => {
  const flow = await startFlow([], begin)
  await expect(flow.signedIn).rejects.toMatchObject({ name: 'UserError', exitCode: 5 })
  expect(flow.shown).toEqual([])
})

test('an interruption ends the waiting', async () => {
  const stopping = new AbortController()
  const answers = [pending]
  const flow = await startFlow(answers, [200, authorization], stopping.signal)
  stopping.abort(new Error('stop'))
  await expect(flow.signedIn).rejects.toThrow()
  expect(flow.requests.length).toBeLessThanOrEqual(1)
})
