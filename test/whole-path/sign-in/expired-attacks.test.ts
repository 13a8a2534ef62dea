// What has expired is refused at every endpoint, although the record is still there: the table deletes days later.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deviceGrantPaths } from '../../../contract/device-grant.ts'
import { openBrowser } from './cookie-browser.ts'
import { beginDeviceGrant, type DeviceAuthorization, enterCode, isRefusal, logIn, poll, walkToDecision } from './device-grant.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'

let served: ServedAccounts
beforeAll(async () => {
  served = await serveAccounts()
})
afterAll(() => served.close())

const expire = (begun: DeviceAuthorization): void => served.advance(begun.expires_in + 1)

/** No page of the way any more, and nothing to press. */
function expectRefused(page: { readonly status: number; readonly body: string }): void {
  expect(page.status).toBeGreaterThanOrEqual(400)
  expect(page.status).toBeLessThan(500)
  expect(page.body).not.toContain('approve')
}

describe('an expired sign-in', () => {
  test('is told so to the device, also when it was approved', async () => {
    const [waiting, approved] = [await beginDeviceGrant(served), await beginDeviceGrant(served)]
    const browser = openBrowser()
    await browser.submit(await walkToDecision(browser, served, approved), {}, 'approve')
    expire(approved)
    expect(await poll(served, waiting)).toBe('expired_token')
    expect(await poll(served, approved)).toBe('expired_token')
  })

  test('lives to its last second, and no longer', async () => {
    const begun = await beginDeviceGrant(served)
    served.advance(begun.expires_in - begun.interval - 1)
    expect(await poll(served, begun)).toBe('authorization_pending')
    expect(await poll(served, begun)).toBe('expired_token')
  })

  test('cannot be entered', async () => {
    const begun = await beginDeviceGrant(served)
    expire(begun)
    const browser = openBrowser()
    expectRefused(await enterCode(browser, served, begun.user_code))
    expect(browser.answers.filter(({ url }) => url.includes('/oauth2/'))).toEqual([])
  })

  test('cannot come back from signing in', async () => {
    const begun = await beginDeviceGrant(served)
    const browser = openBrowser()
    const login = await enterCode(browser, served, begun.user_code)
    expire(begun)
    const page = await logIn(browser, login, served.alice)
    expectRefused(page)
    expectRefused(await browser.open(`${served.url}${deviceGrantPaths.confirm}`))
  })

  test('shows no decision any more', async () => {
    const begun = await beginDeviceGrant(served)
    const browser = openBrowser()
    const decision = await walkToDecision(browser, served, begun)
    expire(begun)
    expectRefused(await browser.open(decision.url))
  })

  test.each(['approve', 'deny'])('takes no decision: %s', async (answer) => {
    const begun = await beginDeviceGrant(served)
    const browser = openBrowser()
    const decision = await walkToDecision(browser, served, begun)
    expire(begun)
    expectRefused(await browser.submit(decision, {}, answer))
    expect(await poll(served, begun)).toBe('expired_token')
  })

  test('that was approved in its last second is not lost to a device that polls as told', async () => {
    const begun = await beginDeviceGrant(served)
    const browser = openBrowser()
    const decision = await walkToDecision(browser, served, begun)
    served.advance(begun.expires_in - begun.interval - 1)
    await browser.submit(decision, {}, 'approve')
    served.advance(-1)
    expect(isRefusal(await poll(served, begun))).toBe(false)
  })
})
