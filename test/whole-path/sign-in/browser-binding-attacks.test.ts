// Attacks on the way between the code and the decision: who began it must be who ends it, in one browser.
import { beforeAll, describe, expect, test } from 'vitest'
import { deviceGrantPaths } from '../../../contract/device-grant.ts'
import { locationOf, openBrowser } from './cookie-browser.ts'
import { beginDeviceGrant, enterCode, isRefusal, logIn, poll, walkToDecision } from './device-grant.ts'
import { formOf, type HttpAnswer } from './http-answer.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'

let served: ServedAccounts
beforeAll(async () => {
  served = await serveAccounts()
  return served.close
})

const at = (path: string): string => `${served.url}${path}`

/** Signs in up to the address that leads back, and does not go there. */
async function callbackOf(browser: ReturnType<typeof openBrowser>, userCode: string): Promise<string> {
  const login = await enterCode(browser, served, userCode)
  const { email, password } = served.alice
  const [form] = login.forms
  if (form === undefined) throw new Error('no login form')
  const { origin } = new URL(login.url)
  let answer: HttpAnswer = await browser.step(form.action, withOrigin(formOf({ ...form.fields, email, password }), origin))
  while (!locationOf(answer).startsWith(at(deviceGrantPaths.callback))) answer = await browser.step(locationOf(answer))
  return locationOf(answer)
}

function withOrigin(question: ReturnType<typeof formOf>, origin: string) {
  return { ...question, headers: { ...question.headers, origin } }
}

describe('links that are passed on', () => {
  test('a forwarded authorize link: the victim signs in, and nobody gets anything', async () => {
    const attacker = openBrowser()
    const victim = openBrowser()
    const loggedBefore = served.logged.length
    const begun = await beginDeviceGrant(served)
    const login = await enterCode(attacker, served, begun.user_code)
    const authorize = attacker.answers.find(({ url }) => url.includes('/oauth2/authorize?'))
    expect(login.forms).not.toEqual([])

    const afterLogin = await logIn(victim, await victim.open(authorize?.url ?? ''), served.alice)
    expect(afterLogin.status).toBeGreaterThanOrEqual(400)
    expect(new URL(afterLogin.url).pathname).toBe(deviceGrantPaths.callback)
    expect(await poll(served, begun)).toBe('authorization_pending')
    // Nor does the attacker's own browser hold anything that could be decided.
    expect((await attacker.open(at(deviceGrantPaths.confirm))).forms.flatMap(({ buttons }) => buttons)).not.toContainEqual(
      expect.objectContaining({ value: 'approve' }),
    )
    expect(served.logged.slice(loggedBefore).filter(({ level }) => level === 'error')).toEqual([])
  })

  test('a forwarded callback link: another browser than the one that began is refused, with or without a session of its own', async () => {
    const begun = await beginDeviceGrant(served)
    const callback = await callbackOf(openBrowser(), begun.user_code)
    const other = openBrowser()
    await enterCode(other, served, (await beginDeviceGrant(served)).user_code)
    for (const browser of [openBrowser(), other]) {
      const page = await browser.open(callback)
      expect(page.status).toBeGreaterThanOrEqual(400)
      expect(page.forms.flatMap(({ buttons }) => buttons)).toEqual([])
    }
    expect(await poll(served, begun)).toBe('authorization_pending')
  })

  test('a forwarded /device?user_code= link only fills the field in', async () => {
    const begun = await beginDeviceGrant(served)
    const victim = openBrowser()
    const page = await victim.open(begun.verification_uri_complete)
    expect(page.status).toBe(200)
    expect(victim.answers).toHaveLength(1)
    expect(page.forms).toMatchObject([{ method: 'post', fields: { user_code: begun.user_code } }])
    expect(await poll(served, begun)).toBe('authorization_pending')
  })

  test('a forwarded link to the decision shows another browser nothing to decide', async () => {
    const begun = await beginDeviceGrant(served)
    const decision = await walkToDecision(openBrowser(), served, begun)
    const page = await openBrowser().open(decision.url)
    expect(page.forms.flatMap(({ buttons }) => buttons)).not.toContainEqual(expect.objectContaining({ value: 'approve' }))
    expect(page.body).not.toContain(served.alice.email)
  })
})

describe('the callback', () => {
  test('is taken once: replayed in the same browser it is refused, and what it led to stands', async () => {
    const begun = await beginDeviceGrant(served)
    const browser = openBrowser()
    const callback = await callbackOf(browser, begun.user_code)
    const first = await browser.open(callback)
    expect(first.forms).not.toEqual([])
    expect((await browser.open(callback)).status).toBeGreaterThanOrEqual(400)
    await browser.submit(first, {}, 'approve')
    expect(isRefusal(await poll(served, begun))).toBe(false)
  })

  test.each([
    ['without a state', { state: null }],
    ['with another state', { state: 'A'.repeat(43) }],
    ['without a code', { code: null }],
    ['with another code', { code: 'A'.repeat(43) }],
    ['with two codes', { code: ['A', 'B'] }],
    ['with an error and a code', { error: 'access_denied' }],
    ['with a state of 10 kB', { state: 'A'.repeat(10_000) }],
    ['with markup for an error', { code: null, error: '<script>alert(1)</script>', error_description: '<img src=x>' }],
  ])('%s is refused', async (_name, changes) => {
    const begun = await beginDeviceGrant(served)
    const browser = openBrowser()
    const callback = new URL(await callbackOf(browser, begun.user_code))
    for (const [name, value] of Object.entries(changes)) {
      callback.searchParams.delete(name)
      for (const each of value === null ? [] : [value].flat()) callback.searchParams.append(name, each)
    }
    const page = await browser.open(callback.href)
    expect(page.status).toBeGreaterThanOrEqual(400)
    expect(page.status).toBeLessThan(500)
    expect(page.body).not.toMatch(/<script|<img/)
    expect((await browser.open(at(deviceGrantPaths.confirm))).body).not.toContain('approve')
    expect(await poll(served, begun)).toBe('authorization_pending')
  })

  test('with the code of another sign-in is refused: a nonce and PKCE bind it to its own', async () => {
    const [one, other] = [openBrowser(), openBrowser()]
    const begun = await beginDeviceGrant(served)
    const own = new URL(await callbackOf(one, begun.user_code))
    const foreign = new URL(await callbackOf(other, (await beginDeviceGrant(served)).user_code))
    own.searchParams.set('code', foreign.searchParams.get('code') ?? '')
    expect((await one.open(own.href)).status).toBeGreaterThanOrEqual(400)
    expect(await poll(served, begun)).toBe('authorization_pending')
  })
})

describe('the cookie', () => {
  test('is bound to this host, not to be read by scripts, and is not sent along from other sites', async () => {
    const browser = openBrowser()
    await walkToDecision(browser, served, await beginDeviceGrant(served))
    const cookie = [...browser.cookies].find(([key]) => key.endsWith('photos-sign-in'))
    expect(cookie?.[0]).toMatch(/ __Host-photos-sign-in$/)
    const attributes = (cookie?.[1].line ?? '').split(/;\s*/).slice(1)
    expect(attributes).toEqual(expect.arrayContaining(['Path=/', 'Secure', 'HttpOnly', 'SameSite=Lax']))
    expect(attributes.filter((attribute) => /^domain/i.test(attribute))).toEqual([])
    // 128 bits at least.
    expect(cookie?.[1].value).toMatch(/^[\w-]{22,}$/)
  })

  test('one that a stranger has chosen is never taken over', async () => {
    const browser = openBrowser()
    const planted = 'A'.repeat(43)
    const host = new URL(served.url).hostname
    browser.cookies.set(`${host} __Host-photos-sign-in`, { value: planted, path: '/', line: '' })
    await walkToDecision(browser, served, await beginDeviceGrant(served))
    expect(browser.cookies.get(`${host} __Host-photos-sign-in`)?.value).not.toBe(planted)
    const attacker = openBrowser()
    attacker.cookies.set(`${host} __Host-photos-sign-in`, { value: planted, path: '/', line: '' })
    expect((await attacker.open(at(deviceGrantPaths.confirm))).body).not.toContain('approve')
  })
})
