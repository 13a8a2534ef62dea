import { describe, expect, onTestFinished, test } from 'vitest'
import { deviceGrantPaths } from '../../../contract/device-grant.ts'
import { createApiGateway } from '../../../embedded/api-gateway.ts'
import { listenHttp } from '../../../embedded/http-front.ts'
import type { WayHere } from '../../../embedded/source-ip.ts'
import { httpRoutes } from '../../../lambda/http-routes.ts'
import { addAccountInTest } from '../../embedded/add-account-in-test.ts'
import { serveInTest } from '../../embedded/serve-in-test.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { findLastingPort } from '../lasting-port.ts'
import { ask, formOf } from './http-answer.ts'

/** What a function is told of where a request comes from. */
async function toldSourceIp(way: WayHere, forwardedFor?: string | readonly string[]): Promise<string> {
  const front = await listenHttp({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => front.close())
  let told = 'nothing'
  const note = async (event: { readonly requestContext: { readonly http: { readonly sourceIp: string } } }) => {
    told = event.requestContext.http.sourceIp
    return { statusCode: 200, body: '', headers: {}, isBase64Encoded: false }
  }
  const gateway = createApiGateway({
    routes: httpRoutes,
    functions: { api: note, auth: note },
    verifyAccessToken: async () => undefined,
    ...way,
  })
  front.answerWith({ buckets: [], now: () => new Date(), s3: async () => {}, api: gateway })
  await ask(`${front.url}/device`, forwardedFor === undefined ? {} : { headers: { 'x-forwarded-for': forwardedFor } })
  return told
}

describe('behind a proxy on this machine', () => {
  test.each(['https://photos.test', 'http://photos.test', 'https://127.0.0.1', 'https://[2001:db8::1]'])(
    'nobody’s address is known at %s',
    async (publicUrl) => {
      expect(await toldSourceIp({ publicUrl })).toBe('')
      expect(await toldSourceIp({ publicUrl }, '203.0.113.66')).toBe('')
    },
  )

  test.each(['http://127.0.0.1:8420', 'http://localhost:8420', 'http://[::1]:8420'])('there is none at %s', async (publicUrl) => {
    expect(await toldSourceIp({ publicUrl })).toBe('127.0.0.1')
    expect(await toldSourceIp({ publicUrl, trustedProxy: true }, '203.0.113.66')).toBe('127.0.0.1')
  })

  test.each([
    ['203.0.113.66', '203.0.113.66'],
    ['198.51.100.1, 203.0.113.66', '203.0.113.66'],
    [['198.51.100.1', '2001:db8::1'], '2001:db8::1'],
    ['203.0.113.66, unknown', ''],
    [undefined, ''],
  ])('that is trusted only what it adds last counts: %j', async (forwardedFor, told) => {
    expect(await toldSourceIp({ publicUrl: 'https://photos.test', trustedProxy: true }, forwardedFor)).toBe(told)
  })

  test('browsers are told not to ask without TLS again', async () => {
    const folder = await temporaryFolder()
    await addAccountInTest(folder, { email: 'alice@example.com', password: 'alice has a long password' })
    const port = await findLastingPort()
    const { localUrl } = await serveInTest(folder, { port, publicUrl: 'https://photos.example.org' })
    const told = async (url: string) => (await ask(`${url}/.well-known/photos.json`)).headers['strict-transport-security']
    expect([await told(`http://127.0.0.1:${port}`), await told(localUrl)]).toEqual(['max-age=2592000', undefined])
  })

  test('a stranger who begins more than one address may does not keep others from it', async () => {
    const folder = await temporaryFolder()
    await addAccountInTest(folder, { email: 'alice@example.com', password: 'alice has a long password' })
    const port = await findLastingPort()
    await serveInTest(folder, { port, publicUrl: 'https://photos.test' })
    const begin = async () =>
      (await ask(`http://127.0.0.1:${port}${deviceGrantPaths.deviceAuthorization}`, formOf({ client_id: 'photos-cli' }))).status
    const statuses: number[] = []
    for (let count = 0; count < 61; count += 1) statuses.push(await begin())
    expect(new Set(statuses)).toEqual(new Set([200]))
  })
})
