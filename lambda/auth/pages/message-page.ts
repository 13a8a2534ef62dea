import { html } from 'hono/html'
import { deviceGrantPaths } from '../../../contract/device-grant.ts'
import { type Html, renderPage } from './page.ts'

export interface Message {
  readonly title: string
  readonly text: string
  /** Whether the page leads back to where codes are typed. */
  readonly startAgain: boolean
}

/** A page that only says something. */
export function messagePage({ title, text, startAgain }: Message): Html {
  return renderPage({
    title,
    body: html`<p>${text}</p>
${startAgain ? html`<p><a class="button" href="${deviceGrantPaths.verification}">Enter a code</a></p>` : ''}`,
  })
}

/** What people are told, in one place. */
export const messages = {
  approved: {
    title: 'Approved',
    text: 'Your device is signed in. You can close this page. To sign it out from elsewhere, type photos devices revoke.',
    startAgain: false,
  },
  denied: { title: 'Denied', text: 'The device was not let in. You can close this page.', startAgain: false },
  decidedElsewhere: {
    title: 'This code is not valid any more',
    text: 'It has expired, or was decided in another window. You decided nothing here. Ask your device for a new code.',
    startAgain: true,
  },
  nothingHere: {
    title: 'There is nothing to decide here',
    text: 'The sign-in was started in another browser, is finished, or took too long. Start again with the code on your device.',
    startAgain: true,
  },
  otherBrowser: {
    title: 'This sign-in belongs to another browser',
    text: 'It was started elsewhere, is finished, or took too long. If somebody sent you a link to it, do not follow it.',
    startAgain: true,
  },
  notSignedIn: {
    title: 'You did not sign in',
    text: 'The sign-in was cancelled or refused. As long as your device shows its code, you can start again.',
    startAgain: true,
  },
  signInFailed: {
    title: 'The sign-in failed',
    text: 'The sign-in service gave no valid answer. Start again; if it goes on failing, tell whoever runs this remote.',
    startAgain: true,
  },
  refused: {
    title: 'This was refused',
    text: 'The form did not come from a page of this sign-in. No device was let in by it.',
    startAgain: true,
  },
  tooManyAttempts: {
    title: 'Too many attempts',
    text: 'Wait ten minutes, and ask your device for a new code then.',
    startAgain: false,
  },
  notFound: { title: 'There is no such page', text: 'Devices are signed in at the address that they show.', startAgain: true },
  failed: { title: 'Something went wrong here', text: 'It is not your fault. Try again in a moment.', startAgain: true },
} as const satisfies Record<string, Message>

/** @param verificationUrl the page of this remote on which a device is signed in */
export function sentFromElsewhere(verificationUrl: string): Message {
  return { ...messages.refused, text: `${messages.refused.text} Open ${verificationUrl} to sign one in.` }
}
