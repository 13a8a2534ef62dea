import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createApiGateway } from '../../../embedded/api-gateway.ts'
import { listenHttp } from '../../../embedded/http-front.ts'
import type { ApiEvent } from '../../../lambda/api.ts'
import { httpRoutes } from '../../../lambda/http-routes.ts'
import { sendRaw, statusOf } from './raw-request.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'

let served: ServedAccounts
beforeAll(async () => {
  served = await serveAccounts()
})
afterAll(() => served.close())

const ending = 'Connection: close\r\n\r\n'

describe('a Host that is none', () => {
  test.each(['a b', '[', 'x/v1/photos?', 'x/device/confirm#', 'x\\device', 'me@x', 'x:8420:1', 'x:port', 'a \x9b31m b', ''])(
    '%j is refused, and nothing is written about it',
    async (host) => {
      const written = vi.spyOn(console, 'error').mockImplementation(() => {})
      onTestFinished(() => written.mockRestore())
      const answered = await sendRaw(
        served.url,
        `GET /device/callback?code=SECRETCODE&state=SECRETSTATE HTTP/1.1\r\nHost: ${host}\r\n${ending}`,
      )
      expect([statusOf(answered), written.mock.calls]).toEqual([400, []])
      expect(answered).not.toContain('SECRET')
    },
  )

  test('two of them, or none at all, are refused', async () => {
    const ask = async (headers: string, version = '1.1') =>
      statusOf(await sendRaw(served.url, `GET /.well-known/photos.json HTTP/${version}\r\n${headers}${ending}`))
    expect(await ask('Host: one.example\r\nHost: two.example\r\n')).toBe(400)
    expect(await ask('')).toBe(400)
    expect(await ask('', '1.0')).toBe(400)
    expect(await ask('Host: [::1]:8420\r\n')).toBe(200)
    expect(await ask('Host: my_nas.example.org\r\n')).toBe(200)
  })
})

test.each(['http://evil.example/device', '//device', '//evil.example/device', '/\\evil.example/device', '*'])(
  'a request for %s, which is no path of ours, is refused',
  async (target) => {
    const answered = await sendRaw(served.url, `GET ${target} HTTP/1.1\r\nHost: evil.example\r\n${ending}`)
    expect(statusOf(answered)).toBe(400)
  },
)

test('a function sees the address that it is known by, whatever the client calls it', async () => {
  const events: ApiEvent[] = []
  const front = await listenHttp({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => front.close())
  const note = async (event: ApiEvent) => {
    events.push(event)
    return { statusCode: 200, body: '', headers: {}, isBase64Encoded: false }
  }
  const gateway = createApiGateway({
    routes: httpRoutes,
    functions: { api: note, auth: note },
    verifyAccessToken: async () => undefined,
    publicUrl: 'https://photos.test:8420',
  })
  front.answerWith({ buckets: [], now: () => new Date(), s3: async () => {}, api: gateway })
  await sendRaw(front.url, `GET /x/../device?user_code=a HTTP/1.1\r\nHost: evil.example\r\n${ending}`)
  expect(events).toMatchObject([
    {
      routeKey: 'GET /device',
      rawPath: '/device',
      headers: { host: 'photos.test:8420' },
      requestContext: { domainName: 'photos.test:8420', http: { path: '/device' } },
    },
  ])
})
