// One server has several names: its address, `localhost`, what the router calls it. Sign-ins have one, and lead to it.
import { beforeAll, describe, expect, test } from 'vitest'
import { deviceGrantPaths } from '../../../contract/device-grant.ts'
import { openBrowser } from './cookie-browser.ts'
import { ask, formOf } from './http-answer.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'

let served: ServedAccounts
beforeAll(async () => {
  served = await serveAccounts()
  return served.close
})

const { verification } = deviceGrantPaths
const byName = (name: string, query = '') => ask(`${served.url}${verification}${query}`, { headers: { host: name } })

describe('the page where one types the code', () => {
  test.each(['localhost', 'nas.fritz.box:8420', '[::1]:1', 'evil.example', '127.0.0.1'])(
    'by the name %s leads to the own name',
    async (name) => {
      const { status, headers } = await byName(name)
      expect(status).toBe(303)
      const { origin, pathname } = new URL(headers.location ?? '')
      expect([origin + pathname, headers['set-cookie']]).toEqual([`${served.url}${verification}`, undefined])
      expect(headers['cache-control']).toBe('no-store')
    },
  )

  test('a code in the link comes along, and nothing else that the link says', async () => {
    const { headers } = await byName('localhost', '?user_code=bcdf-ghjk&next=https://evil.example&user_code=x')
    const { searchParams } = new URL(headers.location ?? '')
    expect([...searchParams].filter(([name]) => name !== 'own_name')).toEqual([['user_code', 'BCDF-GHJK']])
    const hostile = await byName('localhost', '?user_code=%0d%0aSet-Cookie:a=b')
    expect(new URL(hostile.headers.location ?? '').searchParams.has('user_code')).toBe(false)
  })

  test('is shown where it led to, also behind a proxy that gives every request a name of its own', async () => {
    const browser = openBrowser()
    const asProxied = { headers: { host: 'backend.internal' } }
    const { headers } = await browser.step(`${served.url}${verification}`, asProxied)
    const shown = await browser.step(headers.location ?? '', asProxied)
    expect([shown.status, shown.body]).toEqual([200, expect.stringContaining('Type the code')])
  })

  test('by its own name is shown at once', async () => {
    expect((await ask(`${served.url}${verification}`)).status).toBe(200)
    expect((await byName(new URL(served.url).host.toUpperCase())).status).toBe(200)
  })
})

test.each([deviceGrantPaths.verification, deviceGrantPaths.decision])(
  'a form that was sent to %s by another name is refused, and says which one to open',
  async (path) => {
    const { headers, ...form } = formOf({ user_code: 'BCDF-GHJK' })
    const origin = served.url.replace('127.0.0.1', 'localhost')
    const host = new URL(origin).host
    const { status, body } = await ask(`${served.url}${path}`, { ...form, headers: { ...headers, host, origin } })
    expect([status, body]).toEqual([403, expect.stringContaining(`Open ${served.url}/device`)])
  },
)
