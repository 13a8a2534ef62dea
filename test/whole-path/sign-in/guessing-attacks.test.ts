// Guessing user codes and passwords: what may be tried is little, whoever tries it and however.
import { beforeAll, describe, expect, test } from 'vitest'
import { deviceGrantPaths, userCodeAlphabet, userCodeLength } from '../../../contract/device-grant.ts'
import { type CookieBrowser, openBrowser, type Page } from './cookie-browser.ts'
import { beginDeviceGrant, enterCode, isRefusal, logIn, poll, walkToDecision } from './device-grant.ts'
import { textOf } from './html-forms.ts'
import { formOf, newAddress } from './http-answer.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'

let served: ServedAccounts
beforeAll(async () => {
  served = await serveAccounts()
  return served.close
})

const hourSeconds = 3600

/** A code that was given to nobody, or to one in 25 billion. */
const wrongCode = () => Array.from({ length: userCodeLength }, () => userCodeAlphabet[Math.floor(Math.random() * 20)]).join('')

/** How many tries it takes until it is refused to try; throws when that does not happen. */
async function triesUntilLimited(attempt: () => Promise<{ readonly status: number }>, atMost: number): Promise<number> {
  for (let tries = 1; tries <= atMost; tries += 1) if ((await attempt()).status === 429) return tries
  throw new Error(`${atMost} tries were let pass`)
}

describe('user codes', () => {
  test('one browser has a few tries; then the right code is refused as well, until an hour has passed', async () => {
    const browser = openBrowser()
    const begun = await beginDeviceGrant(served)
    const page = await browser.open(begun.verification_uri)
    const guess = () => browser.submit(page, { user_code: wrongCode() })
    expect(await triesUntilLimited(guess, 25)).toBeGreaterThan(3)
    const right = await browser.submit(page, { user_code: begun.user_code })
    expect([right.status, new URL(right.url).pathname]).toEqual([429, deviceGrantPaths.verification])
    expect(textOf(right.body)).toMatch(/wait|later|minutes|hour/i)
    served.advance(hourSeconds)
    const { user_code } = await beginDeviceGrant(served)
    expect((await enterCode(browser, served, user_code)).status).toBe(200)
  })

  test('one address has a few more, with a new browser for each try and any X-Forwarded-For', async () => {
    const from = newAddress()
    let tries = 0
    const guess = async () => {
      tries += 1
      const forwarded = `203.0.113.${tries % 250}`
      const headers = { 'x-forwarded-for': forwarded, forwarded: `for=${forwarded}`, 'x-real-ip': forwarded }
      const question = formOf({ user_code: wrongCode() })
      const browser = openBrowser(from)
      const origin = { origin: served.url }
      return await browser.step(`${served.url}${deviceGrantPaths.verification}`, {
        ...question,
        headers: { ...question.headers, ...headers, ...origin },
      })
    }
    expect(await triesUntilLimited(guess, 120)).toBeGreaterThan(5)
    const begun = await beginDeviceGrant(served)
    expect((await enterCode(openBrowser(from), served, begun.user_code)).status).toBe(429)
    // Somebody else is not kept out.
    const page = await walkToDecision(openBrowser(), served, begun)
    expect(page.forms.flatMap(({ buttons }) => buttons)).toContainEqual(expect.objectContaining({ value: 'approve' }))
  })

  test('20 guesses at once are counted as 20', async () => {
    const browser = openBrowser()
    const page = await browser.open(`${served.url}${deviceGrantPaths.verification}`)
    const guesses = (count: number) =>
      Promise.all(Array.from({ length: count }, () => browser.submit(page, { user_code: wrongCode() })))
    await guesses(20)
    expect((await guesses(5)).map(({ status }) => status)).toEqual([429, 429, 429, 429, 429])
  })

  test.each(['', 'BCDF', 'BCDF-GHJ', 'AEIO-UYAE', 'BCDF-GHJK-L', '%', "' OR 1=1 --", '\0', 'B'.repeat(100_000)])(
    'the odd code %j is refused, and not shown again as markup',
    async (user_code) => {
      const browser = openBrowser()
      const page = await browser.open(`${served.url}${deviceGrantPaths.verification}`)
      const answer = await browser.submit(page, { user_code: `${user_code}<b>` })
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
      expect(answer.body).not.toContain('<b>')
      expect(browser.answers.filter(({ url }) => url.includes('/oauth2/'))).toEqual([])
    },
  )

  test('a code that was decided or redeemed cannot be entered again', async () => {
    for (const answer of ['deny', 'approve']) {
      const begun = await beginDeviceGrant(served)
      const browser = openBrowser()
      await browser.submit(await walkToDecision(browser, served, begun), {}, answer)
      expect((await enterCode(openBrowser(), served, begun.user_code)).status).toBeGreaterThanOrEqual(400)
      if (answer === 'approve') expect(isRefusal(await poll(served, begun))).toBe(false)
      expect((await enterCode(openBrowser(), served, begun.user_code)).status).toBeGreaterThanOrEqual(400)
    }
  })
})

describe('passwords', () => {
  const loginPage = async (browser: CookieBrowser): Promise<Page> =>
    await enterCode(browser, served, (await beginDeviceGrant(served)).user_code)

  test('an account has a few tries from one address; then the right password is refused there, too, for a while', async () => {
    const from = newAddress()
    let browser = openBrowser(from)
    let page = await loginPage(browser)
    const guess = async () => {
      browser = openBrowser(from)
      page = await loginPage(browser)
      return await logIn(browser, page, { ...served.bob, password: 'a guess' })
    }
    expect(await triesUntilLimited(guess, 25)).toBeGreaterThan(3)
    const right = await logIn(browser, page, served.bob)
    expect([right.status, right.url.includes(deviceGrantPaths.confirm)]).toEqual([429, false])
    // Whoever tried has locked out nobody but themselves.
    const owners = openBrowser()
    expect((await logIn(owners, await loginPage(owners), served.bob)).url).toContain(deviceGrantPaths.confirm)
    served.advance(24 * hourSeconds)
    expect((await logIn(browser, await loginPage(browser), served.bob)).url).toContain(deviceGrantPaths.confirm)
  })

  test('an address has a few tries over all accounts, and what it learns of who is there is nothing', async () => {
    const browser = openBrowser()
    const page = await loginPage(browser)
    const wrongPassword = await logIn(browser, page, { ...served.alice, password: 'a guess' })
    const nobody = await logIn(browser, page, { email: 'nobody@example.com', password: 'a guess', owner: '' })
    expect(nobody.status).toBe(wrongPassword.status)
    const said = (answer: Page) => textOf(answer.body).replaceAll(/\S+@\S+/g, '')
    expect(said(nobody)).toBe(said(wrongPassword))
    let tries = 0
    const guess = async () => {
      tries += 1
      return await logIn(browser, page, { email: `somebody${tries}@example.com`, password: 'a guess', owner: '' })
    }
    expect(await triesUntilLimited(guess, 60)).toBeGreaterThan(3)
  })

  test('a password of 1 MB does not keep the backend busy', async () => {
    const browser = openBrowser()
    const page = await loginPage(browser)
    const answer = await logIn(browser, page, { ...served.alice, password: 'a'.repeat(2 ** 20) })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
  })
})
