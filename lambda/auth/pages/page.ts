import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import { pageStyle } from './page-style.ts'

/** Text that has been escaped: what `html` gives. */
export type Html = ReturnType<typeof html>

export interface Page {
  /** Of the window, and the page's heading. */
  readonly title: string
  readonly body: Html
}

/** The product's page: a card in the middle, for any width, light and dark. Everything that is put into `html` is escaped. */
export function renderPage({ title, body }: Page): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} – photos</title>
<style>${raw(pageStyle)}</style>
</head>
<body>
<header>photos</header>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`
}

const styleHash = createHash('sha256').update(pageStyle).digest('base64')

/**
 * For every answer, whatever it is: nothing is stored, framed or run; the one style is known by its hash.
 * @param formTargets origins other than the page's own to which a form may lead, be it by a redirect
 */
export function securityHeaders(formTargets: readonly string[]): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    `form-action ${["'self'", ...formTargets].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]
  return {
    'Cache-Control': 'no-store',
    Pragma: 'no-cache',
    'Content-Security-Policy': policy.join('; '),
    'X-Frame-Options': 'DENY',
    'X-Content-Type-Options': 'nosniff',
    // `no-referrer` would make browsers send forms with `Origin: null`.
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
  }
}
