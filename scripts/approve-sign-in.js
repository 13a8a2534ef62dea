// What a person does in a browser while `photos login` waits in a terminal.
import { openScriptedBrowser } from './scripted-browser.js'

/**
 * @typedef {import('./scripted-browser.js').Page} Page
 * @typedef {import('./scripted-browser.js').Form} Form
 *
 * @typedef {object} SignIn
 * @property {string} verificationUri where `photos login` says to go
 * @property {string} userCode as it is shown there
 * @property {string} email
 * @property {string} password
 * @property {'approve' | 'deny'} [decision]
 */

/**
 * Types the code, signs in, compares, decides. Throws where a page is not the one that comes next, and where the code or the
 * account to compare is not on it.
 *
 * @param {SignIn} signIn
 * @returns {Promise<readonly [Page, Page, Page, Page]>} the pages as they were seen, from the first to the outcome
 */
export async function approveSignIn({ verificationUri, userCode, email, password, decision = 'approve' }) {
  const browser = openScriptedBrowser()
  const toTypeTheCode = await browser.open(verificationUri)
  const codeForm = findForm(toTypeTheCode, ({ inputs }) => inputs.some(({ name }) => name === 'user_code'))
  const toSignIn = await browser.submit(toTypeTheCode, codeForm, { user_code: userCode })

  const accountForm = findForm(toSignIn, ({ inputs }) => inputs.some(({ type }) => type === 'password'))
  const toCompare = await browser.submit(toSignIn, accountForm, { email, password })

  const decisionForm = findForm(toCompare, ({ buttons }) => buttons.some(({ value }) => value === decision))
  for (const shown of [userCode, email]) if (!toCompare.lines.join('\n').includes(shown)) throw unexpected(toCompare)
  const button = decisionForm.buttons.find(({ value }) => value === decision)
  const outcome = await browser.submit(toCompare, decisionForm, { [button?.name ?? '']: decision })
  if (outcome.status !== 200) throw unexpected(outcome)
  return [toTypeTheCode, toSignIn, toCompare, outcome]
}

/** @param {Page} page @param {(form: Form) => boolean} isRight @returns {Form} */
function findForm(page, isRight) {
  const form = page.forms.find(isRight)
  if (form === undefined) throw unexpected(page)
  return form
}

/** Without the query of its address, in which a code may stand. @param {Page} page */
function unexpected({ url, status, heading, lines }) {
  const { origin, pathname } = new URL(url)
  return new Error(`${origin}${pathname} answered ${status}, and not with what comes next: ${[heading, ...lines].join(' / ')}`)
}
