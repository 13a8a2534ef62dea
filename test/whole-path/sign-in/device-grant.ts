import * as z from 'zod'
import { deviceCodeGrantType, deviceGrantPaths, deviceNameParameter } from '../../../contract/device-grant.ts'
import { signInScope } from '../../../contract/remote-configuration.ts'
import { type CookieBrowser, openBrowser, type Page } from './cookie-browser.ts'
import { ask, formOf, type HttpAnswer, jsonOf, newAddress } from './http-answer.ts'
import type { AccountInTest, ServedAccounts } from './served-accounts.ts'

/** RFC 8628, section 3.2. */
const deviceAuthorizationSchema = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.url(),
  verification_uri_complete: z.url(),
  expires_in: z.int().positive(),
  interval: z.int().positive(),
})
export type DeviceAuthorization = z.infer<typeof deviceAuthorizationSchema>

const tokensSchema = z.object({
  access_token: z.string(),
  id_token: z.string(),
  refresh_token: z.string(),
  token_type: z.string(),
  expires_in: z.int().positive(),
})
export type Tokens = z.infer<typeof tokensSchema>

export interface DeviceOptions {
  readonly deviceName?: string
  readonly from?: string
}

/** A device asks to be let in. */
export async function beginDeviceGrant(served: ServedAccounts, options: DeviceOptions = {}): Promise<DeviceAuthorization> {
  const values = {
    client_id: served.configuration.clientId,
    scope: signInScope,
    [deviceNameParameter]: options.deviceName ?? 'attic NAS',
  }
  const question = { ...formOf(values), from: options.from ?? newAddress() }
  const answer = await ask(`${served.url}${deviceGrantPaths.deviceAuthorization}`, question)
  return deviceAuthorizationSchema.parse(jsonOf(answer))
}

/** One poll, as late after the last one as it has to be: the error that the device is told, or its tokens. */
export async function poll(served: ServedAccounts, { device_code, interval }: DeviceAuthorization): Promise<PollResult> {
  served.advance(interval)
  const answer = await askToken(served, { device_code })
  return answer.status === 200 ? tokensSchema.parse(jsonOf(answer)) : errorOf(answer)
}
export type PollResult = Tokens | string

/** The token endpoint, with what is told in place of what a device sends. */
export async function askToken(served: ServedAccounts, changes: Readonly<Record<string, string>>): Promise<HttpAnswer> {
  const values = { grant_type: deviceCodeGrantType, client_id: served.configuration.clientId, ...changes }
  return await ask(`${served.url}${deviceGrantPaths.token}`, formOf(values))
}

/** RFC 6749, section 5.2. */
export function errorOf(answer: HttpAnswer): string {
  return z.object({ error: z.string() }).parse(jsonOf(answer)).error
}

/** Types the code; the browser ends where one signs in. */
export async function enterCode(browser: CookieBrowser, served: ServedAccounts, userCode: string): Promise<Page> {
  const page = await browser.open(`${served.url}${deviceGrantPaths.verification}`)
  return await browser.submit(page, { user_code: userCode })
}

/** Signs in; the browser ends where one compares and decides. */
export async function logIn(browser: CookieBrowser, page: Page, { email, password }: AccountInTest): Promise<Page> {
  return await browser.submit(page, { email, password })
}

/** From the code to the page that asks for a decision. */
export async function walkToDecision(
  browser: CookieBrowser,
  served: ServedAccounts,
  begun: DeviceAuthorization,
  account: AccountInTest = served.alice,
): Promise<Page> {
  return await logIn(browser, await enterCode(browser, served, begun.user_code), account)
}

/** The whole of it, as a person does it who wants their device to be let in. */
export async function signInDevice(served: ServedAccounts, account: AccountInTest = served.alice): Promise<Tokens> {
  const browser = openBrowser()
  const begun = await beginDeviceGrant(served, { from: browser.from })
  const decision = await walkToDecision(browser, served, begun, account)
  await browser.submit(decision, {}, 'approve')
  return tokensSchema.parse(await poll(served, begun))
}

/** True for what a poll answers when nobody got in. */
export function isRefusal(result: PollResult): result is string {
  return typeof result === 'string'
}
