import { html } from 'hono/html'
import { deviceGrantPaths, formatUserCode } from '../../../contract/device-grant.ts'
import { type Html, renderPage } from './page.ts'

/** Whether the device is where the browser is. */
export type AddressComparison = 'same' | 'different' | 'unknown'

export interface ConfirmPage {
  readonly account: string
  readonly userCode: string
  readonly deviceName: string
  readonly deviceAddress: string
  readonly browserAddress: string
  readonly comparison: AddressComparison
  readonly requestedAt: Date
  readonly now: Date
  readonly csrfToken: string
}

/** All that tells one's own device from a stranger's (RFC 10027), and two buttons alike. Deny comes first, also with the keyboard. */
export function confirmPage(page: ConfirmPage): Html {
  return renderPage({
    title: 'Is this your device?',
    body: html`<p>Compare this with what your device shows.</p>
<dl>
<div><dt>Code, the same on your device</dt><dd class="code">${formatUserCode(page.userCode)}</dd></div>
<div><dt>Device, by the name that it gives itself</dt><dd><bdi>${page.deviceName}</bdi></dd></div>
<div><dt>Network address of the device</dt><dd>${addressLines(page)}</dd></div>
<div><dt>Asked</dt><dd>${agoOf(page)}</dd></div>
<div><dt>It will get all photos of</dt><dd><bdi>${page.account}</bdi></dd></div>
</dl>
<p class="care" id="care"><strong>Did somebody send you this code or a link to this page? Then deny.</strong>
Approve only what you have started yourself, just now, on a device that you can see.</p>
<form method="post" action="${deviceGrantPaths.decision}" aria-describedby="care">
<input type="hidden" name="csrf_token" value="${page.csrfToken}" autocomplete="off">
<div class="choice">
<button type="submit" name="decision" value="deny" class="plain">Deny</button>
<button type="submit" name="decision" value="approve" class="plain">Approve</button>
</div>
</form>`,
  })
}

function addressLines({ comparison, deviceAddress, browserAddress }: ConfirmPage): Html {
  if (comparison === 'unknown') return html`unknown: a proxy stands between`
  if (comparison === 'same') return html`${deviceAddress}<br><span class="quiet">the same as this browser’s</span>`
  return html`${deviceAddress}<br><span class="differs">not the same as this browser’s, which is ${browserAddress}: be careful</span>`
}

/** Without scripts the page does not know the clock on its reader's wall. */
function agoOf({ requestedAt, now }: ConfirmPage): Html {
  const minutes = Math.max(0, Math.floor((now.getTime() - requestedAt.getTime()) / 60_000))
  const iso = requestedAt.toISOString()
  const ago = minutes === 0 ? 'less than a minute ago' : minutes === 1 ? 'a minute ago' : `${minutes} minutes ago`
  return html`<time datetime="${iso}">${ago}, at ${iso.slice(11, 16)} UTC</time>`
}
