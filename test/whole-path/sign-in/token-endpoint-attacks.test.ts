// Attacks on the two endpoints that devices talk to (RFC 8628, sections 3.1 and 3.4; RFC 6749, section 5.2).
import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { deviceCodeGrantType, deviceGrantPaths, deviceNameParameter } from '../../../contract/device-grant.ts'
import { signInScope } from '../../../contract/remote-configuration.ts'
import { openBrowser } from './cookie-browser.ts'
import { askToken, beginDeviceGrant, type DeviceAuthorization, errorOf, isRefusal, poll, walkToDecision } from './device-grant.ts'
import { ask, formOf, formOfPairs, type HttpAnswer, newAddress } from './http-answer.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'
import { callApi } from './session-calls.ts'

let served: ServedAccounts
beforeAll(async () => {
  served = await serveAccounts()
  return served.close
})

async function approved(): Promise<DeviceAuthorization> {
  const begun = await beginDeviceGrant(served)
  const browser = openBrowser()
  await browser.submit(await walkToDecision(browser, served, begun), {}, 'approve')
  return begun
}

let lasting: Promise<DeviceAuthorization> | undefined

/** One for all attacks that are to leave it as it is; the last test of them redeems it. */
const approvedForRefusals = (): Promise<DeviceAuthorization> => (lasting ??= approved())

const hasTokens = ({ body }: HttpAnswer): boolean => /token"|eyJhbGciOi/.test(body)

describe('redeeming', () => {
  test('a second redemption gets nothing', async () => {
    const begun = await approved()
    expect(isRefusal(await poll(served, begun))).toBe(false)
    const again = await askToken(served, { device_code: begun.device_code })
    expect([again.status, hasTokens(again)]).toEqual([400, false])
    expect(await poll(served, begun)).toBe('invalid_grant')
  })

  test('of 20 redemptions at once exactly one wins', async () => {
    const begun = await approved()
    const answers = await Promise.all(Array.from({ length: 20 }, () => askToken(served, { device_code: begun.device_code })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const losers = answers.filter(({ status }) => status !== 200)
    expect(losers.filter(({ status }) => status !== 400)).toEqual([])
    expect(losers.filter(hasTokens)).toEqual([])
    for (const loser of losers) expect(['invalid_grant', 'slow_down', 'access_denied']).toContain(errorOf(loser))
  })

  test('what was approved is good for its owner, and says so in every place', async () => {
    const tokens = await poll(served, await approved())
    if (isRefusal(tokens)) throw new Error(tokens)
    expect((await callApi(served, tokens.access_token, 'GET', '/v1/usage')).status).toBe(200)
    const [, claims = ''] = tokens.access_token.split('.')
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ sub: served.alice.owner })
  })

  test("another client's device code is of no use, nor does asking with it harm the one that began", async () => {
    const begun = await approved()
    for (const client_id of ['another-client', `${served.configuration.clientId} `, '']) {
      const answer = await askToken(served, { device_code: begun.device_code, client_id })
      expect([answer.status >= 400 && answer.status < 500, hasTokens(answer)]).toEqual([true, false])
    }
    expect(isRefusal(await poll(served, begun))).toBe(false)
  })

  test.each([
    ['a random device code', () => randomBytes(32).toString('base64url')],
    ['the user code in its place', ({ user_code }: DeviceAuthorization) => user_code],
    ['the code in another case', ({ device_code }: DeviceAuthorization) => device_code.toLowerCase()],
    ['the code with a space', ({ device_code }: DeviceAuthorization) => ` ${device_code}`],
    ['the code cut short', ({ device_code }: DeviceAuthorization) => device_code.slice(0, -1)],
    ['a code of 100 kB', () => 'A'.repeat(100_000)],
    ['a NUL byte', ({ device_code }: DeviceAuthorization) => `${device_code}\0`],
  ])('%s redeems nothing', async (_name, codeOf) => {
    const answer = await askToken(served, { device_code: codeOf(await approvedForRefusals()) })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(hasTokens(answer)).toBe(false)
  })
})

describe('polling', () => {
  test('too fast is told to slow down, and adds five seconds for good each time', async () => {
    const begun = await beginDeviceGrant(served)
    const polledAfter = async (seconds: number) => {
      served.advance(seconds)
      return errorOf(await askToken(served, { device_code: begun.device_code }))
    }
    expect(begun.interval).toBe(5)
    expect(await polledAfter(0)).toBe('authorization_pending')
    expect(await polledAfter(4)).toBe('slow_down') // 10 s from now on
    expect(await polledAfter(6)).toBe('slow_down') // 15 s
    expect(await polledAfter(15)).toBe('authorization_pending')
    expect(await polledAfter(11)).toBe('slow_down') // 20 s: it is not forgotten
    expect(await polledAfter(20)).toBe('authorization_pending')
  })

  test('one device too fast does not slow another one down', async () => {
    const [hasty, patient] = [await beginDeviceGrant(served), await beginDeviceGrant(served)]
    for (const expected of ['authorization_pending', 'slow_down', 'slow_down'])
      expect(errorOf(await askToken(served, { device_code: hasty.device_code }))).toBe(expected)
    expect(await poll(served, patient)).toBe('authorization_pending')
    expect(await poll(served, patient)).toBe('authorization_pending')
  })
})

const goodRequest = () => ({ grant_type: deviceCodeGrantType, client_id: served.configuration.clientId })

describe('odd requests', () => {
  const refusals: [string, (code: string) => ReturnType<typeof formOf>, string[]][] = [
    ['no grant type', (code) => formOf({ client_id: served.configuration.clientId, device_code: code }), ['invalid_request']],
    ['another grant type', (code) => tokenForm(code, { grant_type: 'password' }), ['unsupported_grant_type']],
    ['refreshing here', (code) => tokenForm(code, { grant_type: 'refresh_token' }), ['unsupported_grant_type']],
    ['no device code', () => formOf(goodRequest()), ['invalid_request']],
    [
      'no client',
      (code) => formOf({ grant_type: deviceCodeGrantType, device_code: code }),
      ['invalid_request', 'invalid_client'],
    ],
    ['two device codes', (code) => twice('device_code', code, 'other'), ['invalid_request']],
    ['the same code twice', (code) => twice('device_code', code, code), ['invalid_request']],
    [
      'two grant types',
      (code) => twice('grant_type', deviceCodeGrantType, 'password', ['device_code', code]),
      ['invalid_request'],
    ],
    ['JSON', (code) => withType(tokenForm(code), 'application/json'), ['invalid_request']],
    ['plain text', (code) => withType(tokenForm(code), 'text/plain'), ['invalid_request']],
  ]

  test.each(refusals)('%s at the token endpoint', async (_name, questionOf, expected) => {
    const begun = await approvedForRefusals()
    const answer = await ask(`${served.url}${deviceGrantPaths.token}`, questionOf(begun.device_code))
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(expected).toContain(errorOf(answer))
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' })
  })

  test.each([deviceGrantPaths.token, deviceGrantPaths.deviceAuthorization])('a GET of %s, and a body of 11 MB', async (path) => {
    const begun = await approvedForRefusals()
    const query = new URLSearchParams({
      ...goodRequest(),
      device_code: begun.device_code,
      scope: signInScope,
    })
    expect((await ask(`${served.url}${path}?${query}`)).status).toBe(404)
    const inQuery = await ask(`${served.url}${path}?${query}`, formOf({}))
    expect([inQuery.status, hasTokens(inQuery)]).toEqual([400, false])
    const large = await ask(`${served.url}${path}`, formOf({ client_id: 'A'.repeat(11 * 2 ** 20) }))
    expect(large.status).toBe(413)
  })

  test('none of these has harmed the sign-in that they were about', async () => {
    expect(isRefusal(await poll(served, await approvedForRefusals()))).toBe(false)
  })

  test.each([
    ['an unknown client', { client_id: 'nobody' }, ['invalid_client', 'unauthorized_client']],
    ['no client', { client_id: '' }, ['invalid_request', 'invalid_client']],
    ['a scope that is not ours', { scope: 'openid aws.cognito.signin.user.admin' }, ['invalid_scope']],
    ['a device name of 30 kB', { [deviceNameParameter]: 'A'.repeat(30_000) }, ['invalid_request']],
  ])('%s cannot begin', async (_name, changes, expected) => {
    const values = { client_id: served.configuration.clientId, scope: signInScope, [deviceNameParameter]: 'NAS', ...changes }
    const question = { ...formOf(values), from: newAddress() }
    const answer = await ask(`${served.url}${deviceGrantPaths.deviceAuthorization}`, question)
    expect([400, 401, 413]).toContain(answer.status)
    expect(expected).toContain(errorOf(answer))
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' })
  })

  test('codes are long, of the right letters, and never the same', async () => {
    const begun = await Promise.all(Array.from({ length: 20 }, () => beginDeviceGrant(served)))
    for (const { device_code, user_code } of begun) {
      expect(user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
      expect(Buffer.from(device_code, 'base64url').length).toBeGreaterThanOrEqual(32)
    }
    expect(new Set(begun.map(({ device_code }) => device_code)).size).toBe(20)
    expect(new Set(begun.map(({ user_code }) => user_code)).size).toBe(20)
  })
})

function tokenForm(code: string, changes: Readonly<Record<string, string>> = {}) {
  return formOf({ ...goodRequest(), device_code: code, ...changes })
}

function twice(name: string, first: string, second: string, ...rest: readonly (readonly [string, string])[]) {
  const others = Object.entries(goodRequest()).filter(([other]) => other !== name)
  return formOfPairs([...others, [name, first], [name, second], ...rest])
}

function withType(question: ReturnType<typeof formOf>, type: string) {
  return { ...question, headers: { 'content-type': type }, body: type === 'application/json' ? '{}' : question.body }
}
