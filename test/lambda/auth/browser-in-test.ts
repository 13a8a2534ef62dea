import { type AuthInTest, origin, postForm, type RequestInTest, type ResponseInTest, request } from './auth-in-test.ts'

/** A person's browser: it keeps cookies as long as they are to be kept, and says where its forms come from. */
export interface BrowserInTest {
  readonly cookies: Map<string, string>
  get(path: string): Promise<ResponseInTest>
  post(path: string, form: Readonly<Record<string, string>> | string, more?: Partial<RequestInTest>): Promise<ResponseInTest>
  /** Types a code, signs in, and comes back; gives back the address to which the managed login sent the browser. */
  signIn(userCode: string): Promise<URL>
  /** Signs in and goes on to the page where one decides; gives back the CSRF token in it. */
  signInAndCompare(userCode: string): Promise<string>
  decide(decision: 'approve' | 'deny', csrfToken: string, more?: Partial<RequestInTest>): Promise<ResponseInTest>
}

export function openBrowserInTest(inTest: AuthInTest, sourceIp = '203.0.113.7'): BrowserInTest {
  const cookies = new Map<string, string>()
  const keptUntil = new Map<string, number>()
  const time = () => inTest.now().getTime() / 1000

  async function send(sent: RequestInTest): Promise<ResponseInTest> {
    for (const [name, end] of keptUntil) if (end <= time()) cookies.delete(name)
    const own = [...cookies].map(([name, value]) => `${name}=${value}`)
    const response = await request(inTest.handler, { cookies: own, sourceIp, ...sent })
    for (const cookie of response.cookies) {
      const [, name = '', value = '', maxAge] = /^([^=]+)=([^;]*)(?:.*; Max-Age=(\d+))?/.exec(cookie) ?? []
      cookies.set(name, value)
      if (maxAge !== undefined) keptUntil.set(name, time() + Number(maxAge))
    }
    return response
  }

  const browser: BrowserInTest = {
    cookies,
    get: (path) => send({ method: 'GET', path }),
    post: (path, form, more = {}) => send(postForm(path, form, { ...more, headers: { origin, ...more.headers } })),

    async signIn(userCode) {
      const sentOn = await browser.post('/device', { user_code: userCode })
      return await inTest.login.signIn(sentOn.headers.get('location') ?? '')
    },

    async signInAndCompare(userCode) {
      const { pathname, search } = await browser.signIn(userCode)
      const back = await browser.get(`${pathname}${search}`)
      return csrfTokenIn(await browser.get(back.headers.get('location') ?? ''))
    },

    decide: (decision, csrfToken, more) => browser.post('/device/decision', { csrf_token: csrfToken, decision }, more),
  }
  return browser
}

export function csrfTokenIn({ body }: ResponseInTest): string {
  const [, token] = /name="csrf_token" value="([^"]+)"/.exec(body) ?? []
  if (token === undefined) throw new Error(`there is no CSRF token in: ${body}`)
  return token
}
