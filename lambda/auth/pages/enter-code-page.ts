import { html } from 'hono/html'
import { deviceGrantPaths, formatUserCode, userCodeAlphabet, userCodeLength } from '../../../contract/device-grant.ts'
import { type Html, renderPage } from './page.ts'

export interface EnterCodePage {
  /** A code that the link brought along, already checked. */
  readonly userCode: string | undefined
  readonly problem?: string
}

/** Long enough for a code that is typed with blanks and hyphens. */
const maximumTypedLength = userCodeLength * 2

export function enterCodePage({ userCode, problem }: EnterCodePage): Html {
  return renderPage({
    title: 'Sign in a device',
    body: html`<p id="about">Type the code that your device shows.</p>
${problem === undefined ? '' : html`<p id="problem" class="error" role="alert">${problem}</p>`}
<form method="post" action="${deviceGrantPaths.verification}">
<label for="user_code">Code</label>
<input id="user_code" name="user_code" class="code" type="text" value="${userCode === undefined ? '' : formatUserCode(userCode)}"
 placeholder="${formatUserCode(userCodeAlphabet.slice(0, userCodeLength))}" maxlength="${maximumTypedLength}" required autofocus
 autocomplete="one-time-code" autocapitalize="characters" autocorrect="off" spellcheck="false"
 aria-describedby="${problem === undefined ? 'about' : 'problem'}"${problem === undefined ? '' : html` aria-invalid="true"`}>
<button type="submit">Continue</button>
</form>
<p class="quiet">You will be asked to sign in, and then to compare what you see here with your device.</p>`,
  })
}
