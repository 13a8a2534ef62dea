import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openScriptedBrowser } from '../../../scripts/scripted-browser.js'
import { anna, newMachine, serveAccounts } from './signed-in-world.ts'

const withDisplay = (home: string) => ({ HOME: home, DISPLAY: ':0' })

/** Signs in at the managed login; resolves with what the browser shows at last. */
async function signInAt(url: string): Promise<readonly string[]> {
  const browser = openScriptedBrowser()
  const page = await browser.open(url)
  const form = page.forms.find(({ inputs }) => inputs.some(({ type }) => type === 'password'))
  if (!form) throw new Error(`no sign-in form: ${page.lines.join(' / ')}`)
  return (await browser.submit(page, form, anna)).lines
}

/** Never: the person is faster than five minutes. */
const patient = { delay: () => new Promise<void>(() => {}) }

/** A browser that is opened and goes its own way, as real ones do; `gone` resolves when it has seen its last page. */
function browserThat(walks: (address: string) => Promise<unknown>) {
  let gone: Promise<unknown> = Promise.resolve()
  const openBrowser = async (address: string): Promise<void> => {
    gone = walks(address)
    gone.catch(() => {}) // the test awaits it
  }
  return { openBrowser, gone: () => gone }
}

test('--browser signs in with the browser of this machine', async () => {
  const { url } = await serveAccounts()
  const { home, photos } = await newMachine()
  let opened = ''
  const { openBrowser, gone } = browserThat(async (address) => {
    opened = address
    return await signInAt(address)
  })

  const ended = await photos(['login', url, '--browser', '--device', 'laptop'], {
    environment: withDisplay(home),
    openBrowser,
    clock: patient,
  })

  expect(ended).toEqual({
    exitCode: 0,
    stdout: `signed in to ${new URL(url).host} as anna@example.com; this device is laptop\n`,
    stderr: expect.stringContaining(`\n\n${opened}\n\n`),
  })
  expect(Object.fromEntries(new URL(opened).searchParams)).toEqual({
    response_type: 'code',
    client_id: 'photos-cli',
    redirect_uri: expect.stringMatching(/^http:\/\/localhost:843[123]\/callback$/),
    scope: 'openid email photos/access',
    state: expect.stringMatching(/^[\w-]{43}$/),
    nonce: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge_method: 'S256',
  })
  expect(await gone()).toContainEqual(expect.stringContaining('You are signed in.'))
  expect(await photos(['whoami'])).toMatchObject({ exitCode: 0 })
})

test('what else comes to the loopback address changes nothing', async () => {
  const { url } = await serveAccounts()
  const { home, photos } = await newMachine()
  const answers: [number, string | null, string | null][] = []
  const { openBrowser, gone } = browserThat(async (address) => {
    const { searchParams } = new URL(address)
    const callback = new URL(searchParams.get('redirect_uri') ?? '')
    const state = searchParams.get('state') ?? ''
    const strangers: [string, RequestInit][] = [
      ['/', {}],
      ['/favicon.ico', {}],
      [`/callback?state=${state}&code=x`, { method: 'POST' }],
      ['/callback?error=access_denied', {}],
      ['/callback?state=other&error=access_denied', {}],
      ['/callback?state=other&code=stolen', {}],
    ]
    for (const [path, init] of strangers) {
      const { status, headers } = await fetch(new URL(path, callback), init)
      answers.push([status, headers.get('cache-control'), headers.get('x-frame-options')])
    }
    await signInAt(address)
  })
  const ended = await photos(['login', url, '--browser'], { environment: withDisplay(home), openBrowser, clock: patient })
  await gone()
  expect(ended).toMatchObject({ exitCode: 0 })
  expect(answers).toEqual([404, 404, 404, 400, 400, 400].map((status) => [status, 'no-store', 'DENY']))
})

test('a browser that could not be opened, or says no, is told', async () => {
  const { url } = await serveAccounts()
  const { home, photos } = await newMachine()
  let refusing: Promise<unknown> = Promise.resolve()
  const openBrowser = async (address: string): Promise<void> => {
    const { searchParams } = new URL(address)
    const state = searchParams.get('state') ?? ''
    refusing = fetch(`${searchParams.get('redirect_uri')}?error=access_denied&state=${state}`)
    throw new Error('no browser')
  }
  expect(
    await photos(['login', url, '--browser'], { environment: withDisplay(home), openBrowser, clock: patient }),
  ).toMatchObject({ exitCode: 12, stdout: '', stderr: expect.stringContaining('refuses the sign-in: access_denied') })
  expect(await refusing).toMatchObject({ status: 200 })
})

test('after five minutes nobody is waited for', async () => {
  const { url } = await serveAccounts()
  const { home, photos } = await newMachine()
  const pauses: number[] = []
  const delay = async (milliseconds: number): Promise<void> => void pauses.push(milliseconds)
  expect(
    await photos(['login', url, '--browser'], { environment: withDisplay(home), openBrowser: async () => {}, clock: { delay } }),
  ).toMatchObject({ exitCode: 12, stderr: expect.stringContaining('nobody came back from the browser for five minutes') })
  expect(pauses).toEqual([300_000])
})

test('a port that somebody else has, on either loopback address, is passed over', async ({ skip }) => {
  const { url } = await serveAccounts()
  const { home, photos } = await newMachine()
  const stranger = createServer().listen(8431, '::1')
  await once(stranger, 'listening').catch(() => {})
  if (!stranger.listening) skip('this machine has no ::1, or its port 8431 is in use')
  onTestFinished(() => void stranger.close())
  let redirectUri: string | null = ''
  const { openBrowser, gone } = browserThat(async (address) => {
    redirectUri = new URL(address).searchParams.get('redirect_uri')
    await signInAt(address)
  })
  await photos(['login', url, '--browser'], { environment: withDisplay(home), openBrowser, clock: patient })
  await gone()
  expect(redirectUri).toMatch(/^http:\/\/localhost:843[23]\/callback$/)
})

describe.runIf(process.platform === 'linux')('where no browser would be seen', () => {
  test.each<[string, Readonly<Record<string, string>>]>([
    ['over SSH', { SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22', DISPLAY: ':0' }],
    ['over SSH with a terminal', { SSH_TTY: '/dev/pts/1', DISPLAY: ':0' }],
    ['without a display', {}],
  ])('%s: --browser is a usage error, and says what to do', async (_name, environment) => {
    const { home, photos } = await newMachine()
    expect(
      await photos(['login', 'https://photos.invalid', '--browser'], { environment: { HOME: home, ...environment } }),
    ).toEqual({ exitCode: 2, stdout: '', stderr: expect.stringContaining('leave --browser out') })
  })
})
