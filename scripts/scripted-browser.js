// As much of a browser as pages without JavaScript need: cookies, redirects, forms. For the demo, and for tests.

/**
 * @typedef {object} Form
 * @property {string} action where it goes, absolute
 * @property {'GET' | 'POST'} method
 * @property {readonly { name: string, value: string, type: string }[]} inputs
 * @property {readonly { name: string, value: string, label: string }[]} buttons
 *
 * @typedef {object} Page
 * @property {string} url
 * @property {number} status
 * @property {string} heading
 * @property {readonly string[]} lines what a person reads below the heading
 * @property {readonly Form[]} forms
 *
 * @typedef {object} ScriptedBrowser
 * @property {(url: string) => Promise<Page>} open
 * @property {(page: Page, form: Form, values: Readonly<Record<string, string>>) => Promise<Page>} submit also what the form holds already
 *
 * @typedef {{ name: string, value: string, host: string, path: string }} Cookie
 */

const mostRedirects = 20

/** @returns {ScriptedBrowser} with an empty cookie jar */
export function openScriptedBrowser() {
  /** @type {Map<string, Cookie>} */
  const jar = new Map()

  /** @param {string} url @param {RequestInit} [asked] @returns {Promise<Page>} */
  const go = async (url, asked = {}) => {
    let [address, request] = [url, asked]
    for (let redirects = 0; redirects <= mostRedirects; redirects++) {
      const headers = { ...request.headers, accept: 'text/html', cookie: cookiesFor(jar, new URL(address)) }
      const response = await fetch(address, { ...request, headers, redirect: 'manual' })
      for (const line of response.headers.getSetCookie()) keepCookie(jar, line, new URL(address))
      const location = response.headers.get('location')
      if (location === null) return parsePage(address, response.status, await response.text())
      await response.arrayBuffer() // else its connection stays busy
      address = new URL(location, address).href
      // Only 307 and 308 send a form again (RFC 9110, section 15.4).
      if (response.status !== 307 && response.status !== 308) request = {}
    }
    throw new Error(`${new URL(url).pathname} leads from one page to the next without an end`)
  }

  return {
    open: (url) => go(url),
    submit: (page, form, values) => {
      const fields = new URLSearchParams()
      for (const { name, value } of form.inputs) fields.set(name, value)
      for (const [name, value] of Object.entries(values)) fields.set(name, value)
      if (form.method === 'GET') return go(`${form.action}?${fields}`)
      return go(form.action, { method: 'POST', headers: { origin: new URL(page.url).origin }, body: fields })
    },
  }
}

/** Source: RFC 6265, section 5.4. `Secure` is not asked for: like browsers, this one trusts its own machine. @param {Map<string, Cookie>} jar @param {URL} url */
function cookiesFor(jar, { hostname, pathname }) {
  const sent = [...jar.values()].filter(({ host, path }) => host === hostname && isBelow(path, pathname))
  return sent.map(({ name, value }) => `${name}=${value}`).join('; ')
}

/** @param {string} path @param {string} pathname */
function isBelow(path, pathname) {
  return pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`)
}

/** Source: RFC 6265, section 5.3. @param {Map<string, Cookie>} jar @param {string} line @param {URL} url */
function keepCookie(jar, line, { hostname }) {
  const [, name = '', value = '', attributes = ''] = /^([^=;]+)=([^;]*)(.*)$/.exec(line) ?? []
  const path = /;\s*path=([^;]*)/i.exec(attributes)?.[1] ?? '/'
  const maxAge = /;\s*max-age=(-?\d+)/i.exec(attributes)?.[1]
  const expires = /;\s*expires=([^;]*)/i.exec(attributes)?.[1]
  const isGone = maxAge === undefined ? Date.parse(expires ?? '') < Date.now() : Number(maxAge) <= 0
  const key = `${hostname} ${path} ${name}`
  if (isGone) jar.delete(key)
  else jar.set(key, { name, value, host: hostname, path })
}

/** @param {string} url @param {number} status @param {string} html @returns {Page} */
function parsePage(url, status, html) {
  const body = html.replaceAll(/<(head|style|svg)\b.*?<\/\1>/gis, '')
  const forms = [...body.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)].map(([, tag = '', content = '']) =>
    parseForm(url, tag, content),
  )
  const [whole = '', heading = ''] = /<h1\b[^>]*>(.*?)<\/h1>/is.exec(body) ?? []
  const main = /<main\b[^>]*>(.*)<\/main>/is.exec(body)?.[1] ?? body
  return { url, status, heading: textOf(heading).join(' '), lines: textOf(main.replace(whole, '')), forms }
}

/** @param {string} url @param {string} tag @param {string} content @returns {Form} */
function parseForm(url, tag, content) {
  const { action = '', method = 'get' } = attributesOf(tag)
  const inputs = [...content.matchAll(/<input\b([^>]*)>/gi)].map(([, input = '']) => attributesOf(input))
  const buttons = [...content.matchAll(/<button\b([^>]*)>(.*?)<\/button>/gis)].map(([, button = '', label = '']) => {
    const { name = '', value = '' } = attributesOf(button)
    return { name, value, label: textOf(label).join(' ') }
  })
  return {
    action: new URL(action, url).href,
    method: method.toLowerCase() === 'post' ? 'POST' : 'GET',
    inputs: inputs.flatMap(({ name, value = '', type = 'text' }) => (name ? [{ name, value, type }] : [])),
    buttons,
  }
}

/** @param {string} tag @returns {Partial<Record<string, string>>} */
function attributesOf(tag) {
  const attributes = tag.matchAll(/([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g)
  return Object.fromEntries(
    [...attributes].map(([, name = '', ...values]) => [
      name.toLowerCase(),
      decode(values.find((value) => value !== undefined) ?? ''),
    ]),
  )
}

/** Each block of text on a line of its own; what a term stands for beside it; `[Buttons]` in brackets. @param {string} html */
function textOf(html) {
  const text = html
    .replaceAll(/<\/dt>\s*<dd\b[^>]*>/gi, ': ')
    .replaceAll(/<button\b[^>]*>(.*?)<\/button>/gis, '[$1]')
    .replaceAll(/<\/?(?:p|h\d|div|li|ul|ol|dl|dt|dd|form|label|section|main|header|footer|br|tr|table)\b[^>]*>/gi, '\0')
  const lines = text.replaceAll(/<[^>]*>/g, '').split('\0')
  return lines.map((line) => decode(line).replaceAll(/\s+/g, ' ').trim()).filter((line) => line !== '')
}

/** @type {Readonly<Record<string, string>>} */
const entities = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' }

/** @param {string} text */
function decode(text) {
  return text.replaceAll(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return entities[name.toLowerCase()] ?? whole
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16))
  })
}
