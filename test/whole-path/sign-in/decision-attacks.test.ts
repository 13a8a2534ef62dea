// Attacks on the decision itself: only the button of the page, pressed in the browser that signed in, decides, and once.
import { beforeAll, describe, expect, test } from 'vitest'
import { deviceGrantPaths } from '../../../contract/device-grant.ts'
import { type CookieBrowser, findForm, openBrowser, type Page } from './cookie-browser.ts'
import { beginDeviceGrant, type DeviceAuthorization, enterCode, isRefusal, poll, walkToDecision } from './device-grant.ts'
import { textOf } from './html-forms.ts'
import { formOf, formOfPairs } from './http-answer.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'

let served: ServedAccounts
beforeAll(async () => {
  served = await serveAccounts()
  return served.close
})

interface Deciding {
  readonly begun: DeviceAuthorization
  readonly browser: CookieBrowser
  readonly page: Page
}

async function deciding(): Promise<Deciding> {
  const begun = await beginDeviceGrant(served)
  const browser = openBrowser()
  return { begun, browser, page: await walkToDecision(browser, served, begun) }
}

let lasting: Promise<Deciding> | undefined

/** One for all requests that are refused before they are counted as a decision. */
const decidingForRefusals = (): Promise<Deciding> => (lasting ??= deciding())

/** The fields with which the page's own form approves. */
function approval(page: Page): Record<string, string> {
  const form = findForm(page, 'approve')
  const button = form.buttons.find(({ value }) => value === 'approve')
  return { ...form.fields, ...(button && { [button.name]: button.value }) }
}

/** The name of the field that proves that the page was read. */
function csrfField(page: Page): string {
  const [name] = Object.entries(findForm(page, 'approve').types).find(([, type]) => type === 'hidden') ?? []
  if (name === undefined) throw new Error('the form has no hidden field')
  return name
}

const decisionUrl = (): string => `${served.url}${deviceGrantPaths.decision}`

describe('a request that the page did not make', () => {
  test('a GET approves nothing, wherever the answer is written', async () => {
    const { begun, browser, page } = await decidingForRefusals()
    const query = new URLSearchParams(approval(page)).toString()
    expect((await browser.step(`${decisionUrl()}?${query}`)).status).toBe(404)
    expect((await browser.step(`${decisionUrl()}?${query}`, { method: 'HEAD' })).status).toBe(404)
    await browser.step(`${served.url}${deviceGrantPaths.confirm}?${query}`)
    await browser.step(`${begun.verification_uri_complete}&${query}`)
    expect(await poll(served, begun)).toBe('authorization_pending')
  })

  test('fields in the query of a POST do not count', async () => {
    const { begun, browser, page } = await decidingForRefusals()
    const headers = { origin: served.url, 'content-type': 'application/x-www-form-urlencoded' }
    const query = new URLSearchParams(approval(page)).toString()
    const answer = await browser.step(`${decisionUrl()}?${query}`, { method: 'POST', headers, body: '' })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(await poll(served, begun)).toBe('authorization_pending')
  })

  test('a missing, an empty and an invented CSRF token are refused', async () => {
    const { begun, browser, page } = await deciding()
    const { [csrfField(page)]: _token, ...without } = approval(page)
    for (const fields of [without, { ...without, [csrfField(page)]: '' }, { ...without, [csrfField(page)]: 'A'.repeat(43) }]) {
      const question = formOf(fields)
      const answer = await browser.step(decisionUrl(), { ...question, headers: { ...question.headers, origin: served.url } })
      expect(answer.status).toBe(403)
    }
    expect(await poll(served, begun)).toBe('authorization_pending')
  })

  test("a foreign CSRF token, from the attacker's own decision, is refused", async () => {
    const { begun, browser, page } = await deciding()
    const { page: foreign } = await decidingForRefusals()
    const field = csrfField(page)
    const answer = await browser.submit(page, { [field]: approval(foreign)[field] ?? '' }, 'approve')
    expect(answer.status).toBe(403)
    expect(await poll(served, begun)).toBe('authorization_pending')
  })

  test.each([
    ['of another site', 'https://evil.example'],
    ['of another port', 'http://127.0.0.1:1'],
    ['with another scheme', 'https'],
    ['null, as from a sandboxed frame', 'null'],
    ['of a host that only begins like ours', 'prefix'],
    ['missing', null],
  ])('an Origin %s is refused', async (_name, given) => {
    const { begun, browser, page } = await decidingForRefusals()
    const origin =
      given === 'https' ? served.url.replace('http:', 'https:') : given === 'prefix' ? `${served.url}.evil.example` : given
    expect((await browser.submit(page, {}, 'approve', { origin })).status).toBe(403)
    expect(await poll(served, begun)).toBe('authorization_pending')
  })

  test.each(['text/plain', 'application/json', 'multipart/form-data; boundary=x'])(
    'a body of type %s is refused',
    async (type) => {
      const { begun, browser, page } = await decidingForRefusals()
      const { body } = formOf(approval(page))
      const headers = { origin: served.url, 'content-type': type }
      const answer = await browser.step(decisionUrl(), { method: 'POST', headers, body })
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
      expect(await poll(served, begun)).toBe('authorization_pending')
    },
  )

  test('the victim of a foreign Origin at the code page is not sent on', async () => {
    const begun = await beginDeviceGrant(served)
    const browser = openBrowser()
    const page = await browser.open(begun.verification_uri_complete)
    const answer = await browser.submit(page, {}, undefined, { origin: 'https://evil.example' })
    expect(answer.status).toBe(403)
    expect(browser.answers.filter(({ url }) => url.includes('/oauth2/'))).toEqual([])
  })
})

describe('another browser', () => {
  test('without the cookie, or with the cookie of its own session, it decides nothing', async () => {
    const { begun, page } = await deciding()
    const stranger = openBrowser()
    expect((await stranger.submit(page, {}, 'approve')).status).toBe(403)
    const { browser: other } = await deciding()
    expect((await other.submit(page, {}, 'approve')).status).toBe(403)
    expect(await poll(served, begun)).toBe('authorization_pending')
  })

  test('before it has signed in, it has nothing to decide', async () => {
    const begun = await beginDeviceGrant(served)
    const browser = openBrowser()
    await enterCode(browser, served, begun.user_code)
    const { page } = await deciding()
    expect((await browser.open(`${served.url}${deviceGrantPaths.confirm}`)).body).not.toContain('approve')
    expect((await browser.submit(page, {}, 'approve')).status).toBe(403)
    expect(await poll(served, begun)).toBe('authorization_pending')
  })
})

test('wrong CSRF tokens are guessed a few times; then the right one is refused as well', async () => {
  const { begun, browser, page } = await deciding()
  const field = csrfField(page)
  const statuses: number[] = []
  for (let guess = 1; guess <= 12; guess += 1)
    statuses.push((await browser.submit(page, { [field]: `${guess}`.repeat(43).slice(0, 43) }, 'approve')).status)
  expect(statuses.at(0)).toBe(403)
  expect(statuses.at(-1)).toBe(429)
  expect((await browser.submit(page, {}, 'approve')).status).toBe(429)
  expect(await poll(served, begun)).toBe('authorization_pending')
})

describe('a decision stands', () => {
  test('approving twice gives one sign-in', async () => {
    const { begun, browser, page } = await deciding()
    await browser.submit(page, {}, 'approve')
    await browser.submit(page, {}, 'approve')
    expect(isRefusal(await poll(served, begun))).toBe(false)
    expect(await poll(served, begun)).toBe('invalid_grant')
  })

  test('20 approvals at once are one', async () => {
    const { begun, browser, page } = await deciding()
    const answers = await Promise.all(Array.from({ length: 20 }, () => browser.submit(page, {}, 'approve')))
    expect(answers.filter(({ status }) => status >= 500)).toEqual([])
    expect(isRefusal(await poll(served, begun))).toBe(false)
    expect(await poll(served, begun)).toBe('invalid_grant')
  })

  test('approving after denying changes nothing, and the page says what holds', async () => {
    const { begun, browser, page } = await deciding()
    const denied = await browser.submit(page, {}, 'deny')
    const after = await browser.submit(page, {}, 'approve')
    expect(await poll(served, begun)).toBe('access_denied')
    expect(textOf(denied.body)).toMatch(/denied|refused|not signed in/i)
    expect(textOf(after.body)).not.toMatch(/\bis signed in\b/i)
  })

  test('denying after approving cannot be mistaken for having stopped it', async () => {
    const { begun, browser, page } = await deciding()
    await browser.submit(page, {}, 'approve')
    const after = await browser.submit(page, {}, 'deny')
    expect(isRefusal(await poll(served, begun))).toBe(false)
    expect(textOf(after.body)).not.toMatch(/\b(denied|refused)\b/i)
  })

  test('an answer that is neither, or both, is refused', async () => {
    const { begun, browser, page } = await deciding()
    const form = findForm(page, 'approve')
    const name = form.buttons.find(({ value }) => value === 'approve')?.name ?? ''
    const fields = Object.entries(form.fields)
    for (const answers of [[], ['perhaps'], ['APPROVE'], ['deny', 'approve'], ['approve', 'deny']]) {
      const question = formOfPairs([...fields, ...answers.map((value) => [name, value] as const)])
      const answer = await browser.step(decisionUrl(), { ...question, headers: { ...question.headers, origin: served.url } })
      expect([answers, answer.status]).toEqual([answers, 400])
    }
    expect(await poll(served, begun)).toBe('authorization_pending')
  })
})
