import { html } from 'hono/html'
import { type Html, renderPage } from '../../lambda/auth/pages/page.ts'

export interface LoginPage {
  /** Where the form goes. */
  readonly path: string
  readonly email?: string
  readonly problem?: string
}

/** The managed login's form: works without scripts, and tells password managers what is what. */
export function loginPage({ path, email = '', problem }: LoginPage): Html {
  const described = problem === undefined ? '' : html` aria-describedby="problem" aria-invalid="true"`
  return renderPage({
    title: 'Sign in',
    body: html`${problem === undefined ? '' : html`<p id="problem" class="error" role="alert">${problem}</p>`}
<form method="post" action="${path}">
<label for="email">Email</label>
<input id="email" name="email" type="email" value="${email}" maxlength="254" required autocomplete="username"${described}${email === '' ? html` autofocus` : ''}>
<label for="password">Password</label>
<input id="password" name="password" type="password" maxlength="1024" required autocomplete="current-password"${described}${email === '' ? '' : html` autofocus`}>
<button type="submit">Sign in</button>
</form>
<p class="quiet">Accounts are made on the machine that keeps the photos: <code>photos users add</code></p>`,
  })
}

export function failedPage(): Html {
  return renderPage({
    title: 'This sign-in cannot go on',
    body: html`<p>It was started in another browser, is finished, took too long, or is not right in itself. Start again from your device.</p>`,
  })
}

export function tooManyPage(): Html {
  return renderPage({
    title: 'Too many sign-ins',
    body: html`<p>Too many were begun from your network. Wait ten minutes, then start again from your device.</p>`,
  })
}

export const loginProblems = {
  wrong: 'The email or the password is not right.',
  tooMany: 'Too many attempts. Wait a quarter of an hour, then try again.',
} as const
