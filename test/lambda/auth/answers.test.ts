import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { createAuthHandler } from '../../../lambda/auth.ts'
import { type AuthInTest, openAuthInTest, origin, postForm, type ResponseInTest, request } from './auth-in-test.ts'
import { openBrowserInTest } from './browser-in-test.ts'
import { openDeviceInTest } from './device-in-test.ts'

async function everyKindOfAnswer(inTest: AuthInTest): Promise<readonly ResponseInTest[]> {
  const device = await openDeviceInTest(inTest)
  const browser = openBrowserInTest(inTest)
  const get = (path: string) => browser.get(path)
  const started = await browser.post('/device', { user_code: device.userCode })
  const { pathname, search } = await inTest.login.signIn(started.headers.get('location') ?? '')
  return [
    await get('/device'),
    started,
    await get(`${pathname}${search}`),
    await get(`${pathname}${search}`),
    await get('/device/confirm'),
    await browser.post('/device/decision', {}),
    await browser.post('/device', { user_code: 'wrong' }),
    await get('/device/nowhere'),
    await get('/nowhere'),
    await request(inTest.handler, postForm('/oauth/device_authorization', {})),
    await request(inTest.handler, postForm('/oauth/token', {})),
    await request(inTest.handler, { method: 'GET', path: '/v1/devices' }),
    await request(inTest.handler, { method: 'GET', path: '/v1/devices', owner: 'zoe' }),
  ]
}

test('every answer is stored nowhere, framed nowhere, and runs nothing', async () => {
  const inTest = await openAuthInTest()
  const answers = await everyKindOfAnswer(inTest)
  expect(answers.map(({ status }) => status)).toEqual([200, 303, 303, 400, 200, 403, 400, 404, 404, 400, 400, 401, 200])
  for (const { headers, body } of answers) {
    const [, style = ''] = /<style>([^<]*)<\/style>/.exec(body) ?? []
    const hash = createHash('sha256').update(style).digest('base64')
    const isPage = headers.get('content-type')?.startsWith('text/html') ?? false
    if (isPage) expect(headers.get('content-security-policy')).toContain(`style-src 'sha256-${hash}'`)
    expect(headers.get('content-security-policy')).toMatch(
      new RegExp(
        `^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self' ${inTest.login.url}; frame-ancestors 'none'; base-uri 'none'$`,
      ),
    )
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
    })
    expect(body).not.toMatch(/<script|style="|onclick/)
  }
})

test('a failure is told as such, in the form that its reader expects, and logged without its request', async () => {
  const inTest = await openAuthInTest()
  const auth = {
    ...inTest.auth,
    grants: { ...inTest.auth.grants, find: () => Promise.reject(new Error('the table is gone')) },
  }
  const handler = createAuthHandler(auth)
  const token = await request(
    handler,
    postForm('/oauth/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: inTest.auth.environment.clientId,
      device_code: 'secret',
    }),
  )
  expect([token.status, JSON.parse(token.body)]).toEqual([
    500,
    { error: 'server_error', error_description: 'the backend failed; try again' },
  ])
  expect(token.headers.get('cache-control')).toBe('no-store')
  const browser = openBrowserInTest(inTest)
  await browser.signIn((await openDeviceInTest(inTest)).userCode)
  const cookies = [...browser.cookies].map(([name, value]) => `${name}=${value}`)
  const page = await request(handler, { method: 'GET', path: '/device/confirm', cookies })
  expect([page.status, page.headers.get('cache-control')]).toEqual([500, 'no-store'])
  expect(page.body).toContain('Something went wrong here')
  expect(inTest.logged.map((line) => JSON.parse(line))).toEqual([
    { level: 'error', event: 'auth-failed', path: '/oauth/token', error: 'Error: the table is gone' },
    { level: 'error', event: 'auth-failed', path: '/device/confirm', error: 'Error: the table is gone' },
  ])
})

test('without an address of its own the function is where the request says that the API is', async () => {
  const inTest = await openAuthInTest()
  const { apiEndpoint: _endpoint, ...environment } = inTest.auth.environment
  const handler = createAuthHandler({ ...inTest.auth, environment: { ...environment, apiEndpoint: undefined } })
  const body = { client_id: inTest.auth.environment.clientId }
  const answer = await request(handler, postForm('/oauth/device_authorization', body, { headers: { host: 'evil.example' } }))
  expect(JSON.parse(answer.body)).toMatchObject({ verification_uri: `${origin}/device` })
})
