// Who opens the bare address, or one that leads nowhere: people are shown the way, scripts hear it as before.
import { beforeAll, expect, test } from 'vitest'
import { deviceGrantPaths } from '../../../contract/device-grant.ts'
import { ask } from './http-answer.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'

let served: ServedAccounts
beforeAll(async () => {
  served = await serveAccounts()
  return served.close
})

const asBrowser = { headers: { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' } }
const asScripts = [{}, { headers: { accept: '*/*' } }, { headers: { accept: 'application/json' } }]

test('the bare address leads a browser to where devices are signed in', async () => {
  const { status, headers } = await ask(`${served.url}/`, asBrowser)
  expect([status, headers.location]).toEqual([303, deviceGrantPaths.verification])
  expect(headers['cache-control']).toBe('no-store')
})

test.each(['/photos', '/devices', '/v1/nothing', '/wp-admin/index.php?x=1', '/%2e%2e%2f', '/oauth2/userInfo', '/login'])(
  'a browser at %s gets a page that says that there is none',
  async (path) => {
    const { status, headers, body } = await ask(`${served.url}${path}`, asBrowser)
    expect([status, headers['content-type']]).toEqual([404, 'text/html; charset=UTF-8'])
    expect(body).toContain('There is no such page')
    expect(headers['content-security-policy']).toContain("default-src 'none'")
  },
)

test.each(['/', '/photos', '/v1/nothing', '/favicon.ico'])('a script at %s gets JSON', async (path) => {
  for (const question of asScripts) {
    const { status, headers, body } = await ask(`${served.url}${path}`, question)
    expect([status, headers['content-type'], JSON.parse(body)]).toEqual([404, 'application/json', { message: 'Not Found' }])
  }
})

test('the routes that there are answer as they did, whoever asks', async () => {
  expect((await ask(`${served.url}/v1/usage`, asBrowser)).status).toBe(401)
  expect((await ask(`${served.url}/v1/devices`, asBrowser)).status).toBe(401)
  expect((await ask(`${served.url}/.well-known/photos.json`, asBrowser)).headers['content-type']).toBe('application/json')
  expect((await ask(`${served.url}/photos`, { ...asBrowser, method: 'POST' })).status).toBe(404)
})
