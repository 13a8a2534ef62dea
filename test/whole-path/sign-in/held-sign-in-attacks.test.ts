// A sign-in that is held where it is while its password is changed or its account is removed: it is over.
import { beforeAll, expect, test } from 'vitest'
import { changePassword, removeAccount } from '../../../embedded/accounts.ts'
import { addAccountInTest } from '../../embedded/add-account-in-test.ts'
import { findForm, locationOf, openBrowser } from './cookie-browser.ts'
import { beginDeviceGrant, enterCode, isRefusal, type PollResult, poll } from './device-grant.ts'
import { formOf } from './http-answer.ts'
import { type AccountInTest, type ServedAccounts, serveAccounts } from './served-accounts.ts'

let served: ServedAccounts
beforeAll(async () => {
  served = await serveAccounts()
  return served.close
})

const stages = ['after the password', 'with a code', 'before the decision', 'before the tokens are fetched'] as const
type Stage = (typeof stages)[number]

let accounts = 0
async function newAccount(): Promise<AccountInTest> {
  accounts += 1
  const account = { email: `held${accounts}@example.com`, password: 'the first password of all' }
  return { ...account, owner: (await addAccountInTest(served.folder, account)).owner }
}

/** The way of a sign-in by device code, with something that happens in the middle of it. */
async function signInHeld(
  account: AccountInTest,
  heldAt: Stage | undefined,
  meanwhile: () => Promise<void>,
): Promise<PollResult> {
  const pass = async (stage: Stage) => {
    if (stage === heldAt) await meanwhile()
  }
  const browser = openBrowser()
  const begun = await beginDeviceGrant(served)
  const login = findForm(await enterCode(browser, served, begun.user_code))
  const { email, password } = account
  const question = formOf({ email, password })
  const origin = { origin: served.url }
  const loggedIn = await browser.step(login.action, { ...question, headers: { ...question.headers, ...origin } })
  await pass('after the password')
  const back = await browser.step(locationOf(loggedIn))
  await pass('with a code')
  const decision = await browser.open(locationOf(back))
  await pass('before the decision')
  const canDecide = decision.forms.some(({ buttons }) => buttons.some(({ value }) => value === 'approve'))
  if (canDecide) await browser.submit(decision, {}, 'approve')
  await pass('before the tokens are fetched')
  return await poll(served, begun)
}

const changes: Readonly<Record<string, (account: AccountInTest) => Promise<void>>> = {
  'its password is changed': ({ email }) => changePassword(served.folder, { email, password: 'the second password of all' }),
  'its account is removed': async ({ email }) => {
    await removeAccount(served.folder, email)
  },
  'its account is removed and added again': async ({ email, password }) => {
    await removeAccount(served.folder, email)
    await addAccountInTest(served.folder, { email, password })
  },
}

test('nothing happens: the sign-in gets tokens', async () => {
  expect(isRefusal(await signInHeld(await newAccount(), undefined, async () => {}))).toBe(false)
})

test.each(stages.flatMap((stage) => Object.keys(changes).map((change) => ({ stage, change }))))(
  '$stage $change: no tokens',
  async ({ stage, change }) => {
    const account = await newAccount()
    const result = await signInHeld(account, stage, async () => await changes[change]?.(account))
    expect(['authorization_pending', 'access_denied', 'invalid_grant', 'expired_token']).toContain(result)
  },
)
