// A real browser walks the sign-in as a person does, in front of a real `photos login` and a real backend.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type PhotosUser, photosUser, type RunningPhotos } from '../photos-process.ts'
import { desktop, findChromium, launchChromium, openWindow, phone, type Window } from './chromium-in-test.ts'
import { beginDeviceGrant, isRefusal, poll } from './device-grant.ts'
import { type AccountInTest, type ServedAccounts, serveAccounts } from './served-accounts.ts'

const program = findChromium()

describe.skipIf(program === undefined)(program ?? 'no Chromium on this machine (PHOTOS_TEST_CHROMIUM names one)', () => {
  let served: ServedAccounts
  let browser: Browser
  beforeAll(async () => {
    served = await serveAccounts()
    browser = await launchChromium(program ?? '')
    return async () => {
      await browser.close()
      await served.close()
    }
  })

  interface Login {
    readonly user: PhotosUser
    readonly running: RunningPhotos
    readonly userCode: string
    readonly uri: string
  }

  /** `photos login` in a terminal, up to where it waits for the person. */
  async function startLogin(): Promise<Login> {
    const user = await photosUser()
    const running = user.start(['login', served.url, '--device', 'attic NAS'])
    const [userCode] = await running.saying(/[B-Z]{4}-[B-Z]{4}/, 'stderr')
    const [uri] = await running.saying(/http:\/\/127\.0\.0\.1:\d+\/device(?=\s)/, 'stderr')
    return { user, running, userCode, uri }
  }

  async function enterCode({ page }: Window, userCode: string): Promise<void> {
    await page.getByRole('textbox').fill(userCode)
    await page.getByRole('button').click()
  }

  async function logIn({ page }: Window, { email, password }: AccountInTest): Promise<void> {
    await page.locator('input[name=email]').fill(email)
    await page.locator('input[type=password]').fill(password)
    await page.getByRole('button').click()
  }

  /** Waits until the page says this: what was clicked leads to it, in its own time. */
  async function showing({ page }: Window, text: RegExp): Promise<void> {
    await page.getByText(text).first().waitFor()
  }

  test('enter the code, sign in, compare, approve: the terminal says who is signed in', async () => {
    const login = await startLogin()
    const window = await openWindow(browser)
    await window.page.goto(login.uri)
    await enterCode(window, login.userCode)
    await logIn(window, served.alice)
    await window.page.getByRole('button', { name: /approve/i }).waitFor() // the last thing on the page
    const text = await window.page.locator('body').innerText()
    for (const compared of [login.userCode, served.alice.email, 'attic NAS', '127.0.0.1']) expect(text).toContain(compared)
    await window.page.getByRole('button', { name: /approve/i }).click()
    await showing(window, /your device is signed in/i)
    const finished = await login.running.finished
    expect(finished).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(served.alice.email) })
    expect(await login.user.here('whoami')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(served.alice.email) })
    expect(window.complaints).toEqual([])
  })

  test('deny: the terminal says so, and nobody is signed in', async () => {
    const login = await startLogin()
    const window = await openWindow(browser)
    await window.page.goto(login.uri)
    await enterCode(window, login.userCode)
    await logIn(window, served.alice)
    await window.page.getByRole('button', { name: /deny/i }).click()
    await showing(window, /denied/i)
    await window.show('7-denied')
    const finished = await login.running.finished
    expect(finished).toMatchObject({ exitCode: 12, stdout: '', stderr: expect.stringMatching(/denied/) })
    expect(await login.user.here('whoami')).not.toMatchObject({ exitCode: 0 })
    expect(window.complaints).toEqual([])
  })

  test('a wrong code is told, and the right one goes on from there', async () => {
    const begun = await beginDeviceGrant(served)
    const window = await openWindow(browser)
    await window.page.goto(begun.verification_uri)
    await enterCode(window, 'BCDF-GHJK')
    await showing(window, /not|no such|wrong/i)
    await window.show('2-wrong-code')
    await enterCode(window, begun.user_code.toLowerCase().replace('-', ' '))
    await logIn(window, { ...served.alice, password: 'a wrong password' })
    await window.show('4-wrong-password')
    await logIn(window, served.alice)
    await window.page.getByRole('button', { name: /approve/i }).click()
    await showing(window, /your device is signed in/i)
    expect(isRefusal(await poll(served, begun))).toBe(false)
    expect(window.complaints).toEqual([])
  })

  test('an expired code is told at each step, and what to do about it', async () => {
    const window = await openWindow(browser)
    const typedLate = await beginDeviceGrant(served)
    const late = typedLate.expires_in + 1
    served.advance(late)
    await window.page.goto(typedLate.verification_uri)
    await enterCode(window, typedLate.user_code)
    await showing(window, /expired|not valid|no such/i)
    // oidc-provider goes by the system's clock: for signing in there, the two have to agree.
    served.advance(-late)

    const decidedLate = await beginDeviceGrant(served)
    await window.page.goto(decidedLate.verification_uri_complete)
    await window.page.getByRole('button').click()
    await logIn(window, served.alice)
    served.advance(late)
    onTestFinished(() => served.advance(-late))
    await window.forgetAfter(late)
    await window.page.getByRole('button', { name: /approve/i }).click()
    await showing(window, /expired|too late|too long/i)
    await showing(window, /photos login|again|new code/i)
    await window.show('8-expired')
    expect(await poll(served, decidedLate)).toBe('expired_token')
    expect(window.complaints).toEqual([])
  })

  test('with the keyboard alone, and Enter never approves by accident', async () => {
    const begun = await beginDeviceGrant(served)
    const window = await openWindow(browser)
    const { page, complaints } = window
    await page.goto(begun.verification_uri)
    await tabTo(page, 'user_code')
    await page.keyboard.type(begun.user_code)
    await page.keyboard.press('Enter')
    await page.locator('input[type=password]').waitFor()
    await tabTo(page, 'email')
    await page.keyboard.type(served.alice.email)
    await page.keyboard.press('Tab')
    await page.keyboard.type(served.alice.password)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: /deny/i }).waitFor()
    await page.keyboard.press('Enter')
    expect(await poll(served, begun)).not.toBeTypeOf('object')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.value')).toBe('deny')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.value')).toBe('approve')
    await page.keyboard.press('Enter')
    await showing(window, /your device is signed in/i)
    expect(isRefusal(await poll(served, begun))).toBe(false)
    expect(complaints).toEqual([])
  })

  test('without JavaScript', async () => {
    const begun = await beginDeviceGrant(served)
    const window = await openWindow(browser, { javaScriptEnabled: false })
    await window.page.goto(begun.verification_uri)
    await enterCode(window, begun.user_code)
    await logIn(window, served.alice)
    await window.page.getByRole('button', { name: /approve/i }).click()
    await window.page
      .getByText(/signed in/i)
      .first()
      .waitFor()
    expect(isRefusal(await poll(served, begun))).toBe(false)
  })

  test('login --browser: the browser of this machine signs in, and leads back to the terminal', async () => {
    const user = await photosUser()
    const opened = join(user.folder, 'opened')
    await writeFile(join(user.folder, 'xdg-open'), `#!/bin/sh\nprintf %s "$1" > '${opened}'\n`, { mode: 0o755 })
    const environment = { DISPLAY: ':0', PATH: `${user.folder}:${process.env['PATH']}` }
    const running = user.start(['login', served.url, '--browser', '--device', 'desk'], { environment })
    const [url] = await running.saying(/http:\S+\/oauth2\/authorize\S+/, 'stderr')
    const window = await openWindow(browser)
    await window.page.goto(url)
    await logIn(window, served.bob)
    await window.page.waitForURL(/^http:\/\/localhost:\d+\//)
    await window.page
      .getByText(/signed in|terminal/i)
      .first()
      .waitFor()
    await window.show('10-loopback')
    expect(await running.finished).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(served.bob.email) })
    expect(await readFile(opened, 'utf8')).toBe(url)
    expect(window.complaints).toEqual([])
  })

  test.each([
    ['a desktop, light', { viewport: desktop, colorScheme: 'light' }],
    ['a desktop, dark', { viewport: desktop, colorScheme: 'dark' }],
    ['a phone, light', { viewport: phone, colorScheme: 'light', hasTouch: true, isMobile: true }],
    ['a phone, dark', { viewport: phone, colorScheme: 'dark', hasTouch: true, isMobile: true }],
  ] as const)('every page fits %s', async (_name, options) => {
    const window = await openWindow(browser, options)
    const { page } = window
    const fits = async (name: string): Promise<void> => {
      await window.show(name)
      expect([name, await page.evaluate('document.documentElement.scrollWidth - innerWidth')]).toEqual([name, 0])
      for (const control of await page.locator('button, input:not([type=hidden])').all())
        expect((await control.boundingBox())?.height, name).toBeGreaterThanOrEqual(40)
      expect(await page.evaluate('document.documentElement.lang')).toBe('en')
      expect(await page.title()).not.toBe('')
    }
    const begun = await beginDeviceGrant(served, { deviceName: 'the old NAS in the attic, behind the chimney' })
    await page.goto(begun.verification_uri)
    await fits('1-code')
    await enterCode(window, begun.user_code)
    await fits('3-login')
    await logIn(window, served.alice)
    await fits('5-compare')
    await page.getByRole('button', { name: /approve/i }).click()
    await showing(window, /your device is signed in/i)
    await fits('6-approved')
    await page.goto(`${served.url}/device/callback?state=x&code=y`)
    await fits('9-refused')
    expect(window.complaints).toEqual([])
  })
})

/** Goes on with Tab until the field has the focus. */
async function tabTo(page: Window['page'], name: string): Promise<void> {
  for (let presses = 0; presses < 10; presses += 1) {
    if ((await page.evaluate('document.activeElement.name')) === name) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`the field ${name} is not reached with Tab`)
}
