// What strangers may have written down: few sign-ins, short ones, and not for long.
import { ClassicLevel } from 'classic-level'
import { beforeEach, expect, test } from 'vitest'
import { signInScope } from '../../../contract/remote-configuration.ts'
import { libraryPaths } from '../../../embedded/library.ts'
import { serveInTest } from '../../embedded/serve-in-test.ts'
import { openBrowser } from './cookie-browser.ts'
import { signInDevice } from './device-grant.ts'
import { ask, newAddress } from './http-answer.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'

let served: ServedAccounts
beforeEach(async () => {
  served = await serveAccounts()
  return served.close
})

function authorizeUrl(changes: Readonly<Record<string, string>> = {}): string {
  const parameters = {
    response_type: 'code',
    client_id: served.configuration.clientId,
    redirect_uri: served.configuration.loopbackRedirectUris[0] ?? '',
    scope: signInScope,
    state: 'a-state',
    code_challenge: 'A'.repeat(43),
    code_challenge_method: 'S256',
    ...changes,
  }
  return `${served.url}/oauth2/authorize?${new URLSearchParams(parameters)}`
}

/** The kinds of what sign-in keeps on disk, once nobody has it open. */
async function keptKinds(): Promise<readonly string[]> {
  await served.backend.close()
  const database = new ClassicLevel(libraryPaths(served.folder).signIn)
  try {
    return (await database.keys().all()).map((key) => key.split('/').slice(0, -1).join('/'))
  } finally {
    await database.close()
  }
}

test('one address begins 60 sign-ins in ten minutes, and the others are none that are kept', async () => {
  const from = newAddress()
  const statuses: number[] = []
  for (let times = 0; times < 70; times += 1) statuses.push((await ask(authorizeUrl(), { from })).status)
  expect(statuses).toEqual([...Array(60).fill(303), ...Array(10).fill(429)])
  const refused = await ask(authorizeUrl(), { from })
  expect([refused.headers['retry-after'], refused.headers['content-type']]).toEqual(['600', 'text/html; charset=utf-8'])
  expect((await ask(authorizeUrl(), { from: newAddress(), headers: { 'x-forwarded-for': from } })).status).toBe(303)
  served.advance(600)
  expect((await ask(authorizeUrl(), { from, headers: { 'x-forwarded-for': newAddress() } })).status).toBe(303)
  expect(await keptKinds()).toEqual(Array(62).fill('oidc/Interaction'))
})

test.each(['state', 'nonce', 'code_challenge', 'redirect_uri', 'scope', 'login_hint', 'claims', 'something'])(
  'a %s of a kilobyte is refused before it is kept',
  async (name) => {
    const answer = await ask(authorizeUrl({ [name]: 'a'.repeat(1024) }), { from: newAddress() })
    expect([answer.status, answer.headers.location]).toEqual([400, undefined])
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`${name}${index}`, 'a']))
    expect((await ask(authorizeUrl(many), { from: newAddress() })).status).toBe(400)
    expect(await keptKinds()).toEqual([])
  },
)

test('of a sign-in its session stays, once the rest has expired', async () => {
  await openBrowser().open(authorizeUrl())
  await signInDevice(served)
  served.advance(3600)
  const now = () => new Date(Date.now() + 3600_000)
  await served.backend.close()
  const again = await serveInTest(served.folder, { now })
  await ask(`${again.url}/oauth2/authorize`)
  await again.close()
  expect(await keptKinds()).toEqual(['session'])
})
