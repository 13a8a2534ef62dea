import { type Form, formsOf } from './html-forms.ts'
import { ask, formOf, type HttpAnswer, newAddress, type Question } from './http-answer.ts'

export interface Cookie {
  readonly value: string
  readonly path: string
  /** As the server wrote it, attributes and all. */
  readonly line: string
}

export interface Page extends HttpAnswer {
  readonly forms: readonly Form[]
}

/** A browser without a screen: follows redirects as long as they stay on its host, keeps cookies, and sends what browsers send with a form. */
export interface CookieBrowser {
  readonly from: string
  /** By host and name: as in a browser, a port does not keep cookies apart. */
  readonly cookies: Map<string, Cookie>
  /** Everything that came back so far, redirects too. */
  readonly answers: readonly HttpAnswer[]
  open(url: string): Promise<Page>
  /** Sends the page's only form, or the one that has `button`: its fields, with those given, and the button's own. */
  submit(page: Page, values?: Readonly<Record<string, string>>, button?: string, changes?: Submission): Promise<Page>
  /** Without following where it leads. */
  step(url: string, question?: Question): Promise<HttpAnswer>
}

export interface Submission {
  /** In place of the page's own; null: without the header. */
  readonly origin?: string | null
}

export function openBrowser(from: string = newAddress()): CookieBrowser {
  const cookies = new Map<string, Cookie>()
  const answers: HttpAnswer[] = []

  const step = async (url: string, question: Question = {}): Promise<HttpAnswer> => {
    const cookie = cookieHeader(cookies, new URL(url))
    const headers = { 'user-agent': 'cookie-browser', accept: 'text/html', ...(cookie && { cookie }), ...question.headers }
    const answer = await ask(url, { ...question, headers, from })
    keepCookies(cookies, answer)
    answers.push(answer)
    return answer
  }

  const open = async (url: string, question?: Question): Promise<Page> => {
    let answer = await step(url, question)
    for (let redirects = 0; leadsOn(answer) && redirects < 12; redirects += 1) answer = await step(locationOf(answer))
    return { ...answer, forms: formsOf(answer.body, answer.url) }
  }

  const submit: CookieBrowser['submit'] = async (page, values = {}, button, changes = {}) => {
    const form = findForm(page, button)
    const chosen = form.buttons.find(({ value }) => value === button)
    const fields = { ...form.fields, ...(chosen && { [chosen.name]: chosen.value }), ...values }
    const origin = changes.origin === undefined ? new URL(page.url).origin : changes.origin
    const question = formOf(fields)
    return await open(form.action, { ...question, headers: { ...question.headers, ...(origin !== null && { origin }) } })
  }

  return { from, cookies, answers, open, submit, step }
}

/** A device of one's own waits at `localhost`; the backend is at 127.0.0.1. */
function leadsOn(answer: HttpAnswer): boolean {
  return answer.headers.location !== undefined && new URL(locationOf(answer)).hostname === new URL(answer.url).hostname
}

/** Where an answer leads. */
export function locationOf(answer: HttpAnswer): string {
  return new URL(answer.headers.location ?? '', answer.url).href
}

export function findForm(page: Page, button?: string): Form {
  const form = page.forms.find(({ buttons }) => button === undefined || buttons.some(({ value }) => value === button))
  if (form === undefined) throw new Error(`no form with ${button ?? 'anything'} in ${page.status} ${page.url}: ${page.body}`)
  return form
}

function keepCookies(cookies: Map<string, Cookie>, answer: HttpAnswer): void {
  const { hostname } = new URL(answer.url)
  for (const line of answer.headers['set-cookie'] ?? []) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    const path = /;\s*path=([^;]*)/i.exec(line)?.[1] ?? '/'
    const key = `${hostname} ${name}`
    if (isGone(line)) cookies.delete(key)
    else cookies.set(key, { value, path, line })
  }
}

function isGone(line: string): boolean {
  const expires = /;\s*expires=([^;]*)/i.exec(line)?.[1]
  return /;\s*max-age=0\b/i.test(line) || (expires !== undefined && Date.parse(expires) < Date.parse('2000-01-01'))
}

function cookieHeader(cookies: ReadonlyMap<string, Cookie>, { hostname, pathname }: URL): string {
  return [...cookies]
    .filter(([key, { path }]) => key.startsWith(`${hostname} `) && `${pathname}/`.startsWith(path === '/' ? '/' : `${path}/`))
    .map(([key, { value }]) => `${key.slice(hostname.length + 1)}=${value}`)
    .join('; ')
}
