import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'
import { approveSignIn } from '../../scripts/approve-sign-in.js'
import { openScriptedBrowser } from '../../scripts/scripted-browser.js'

type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

const addressSchema = z.object({ port: z.int() })

/** Pages of the test's own, by path; what is asked is noted. */
async function servePages(pages: Readonly<Record<string, Answer>>): Promise<string> {
  const server = createServer(async (request, response) => {
    const answer = pages[new URL(request.url ?? '', 'http://localhost').pathname]
    if (answer === undefined) response.writeHead(404)
    await answer?.(request, response)
    response.end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${addressSchema.parse(server.address()).port}`
}

const html =
  (body: string): Answer =>
  (_request, response) =>
    void response.setHeader('content-type', 'text/html').write(`<!doctype html><title>photos</title><body>${body}`)

test('a scripted browser keeps cookies and follows redirects with them', async () => {
  const url = await servePages({
    '/': (_request, response) => {
      response.setHeader('set-cookie', ['one=1; Path=/; HttpOnly; Secure', 'below=2; Path=/below', 'gone=3; Max-Age=0'])
      response.writeHead(303, { location: '/below/page' })
    },
    '/below/page': ({ headers }, response) => void response.write(`<h1>${headers.cookie}</h1>`),
    '/elsewhere': ({ headers }, response) => void response.write(`<h1>${headers.cookie}</h1>`),
  })
  const browser = openScriptedBrowser()
  expect(await browser.open(url)).toMatchObject({ url: `${url}/below/page`, status: 200, heading: 'one=1; below=2' })
  expect(await browser.open(`${url}/elsewhere`)).toMatchObject({ heading: 'one=1' })
})

test('a scripted browser reads forms, and sends them with what they hold already', async () => {
  const url = await servePages({
    '/': html(`<form method=post action="/sent?a=1&amp;b=2"><input type=hidden name='csrf' value="&quot;x&#x27;&#39;">
      <label>Code <input name=code></label><button name=decision value=deny>No</button><button>Yes &amp; go</button></form>`),
    '/sent': async (request, response) =>
      void response.write([request.method, request.url, request.headers.origin, await text(request)].join(' ')),
  })
  const browser = openScriptedBrowser()
  const page = await browser.open(url)
  expect(page.forms).toEqual([
    {
      action: `${url}/sent?a=1&b=2`,
      method: 'POST',
      inputs: [
        { name: 'csrf', value: `"x''`, type: 'hidden' },
        { name: 'code', value: '', type: 'text' },
      ],
      buttons: [
        { name: 'decision', value: 'deny', label: 'No' },
        { name: '', value: '', label: 'Yes & go' },
      ],
    },
  ])
  const [form] = page.forms
  if (form === undefined) throw new Error('no form')
  const sent = await browser.submit(page, form, { code: 'a b' })
  expect(sent.lines).toEqual([`POST /sent?a=1&b=2 ${url} csrf=%22x%27%27&code=a+b`])
})

test('pages that lead to one another end with an error', async () => {
  const url = await servePages({ '/': (_request, response) => void response.writeHead(302, { location: '/' }) })
  await expect(openScriptedBrowser().open(url)).rejects.toThrow('without an end')
})

const person = { userCode: 'WDJB-MJHT', email: 'me@example.org', password: 'correct horse battery' }

/** Pages that do what those of the device grant do. */
async function serveSignIn(toCompare: string): Promise<{ readonly verificationUri: string; readonly decisions: string[] }> {
  const decisions: string[] = []
  const url = await servePages({
    '/device': html('<h1>Connect a device</h1><form method=post action=/login><input name=user_code></form>'),
    '/login': html('<form method=post action=/confirm><input name=email><input type=password name=password></form>'),
    '/confirm': html(`<p>${toCompare}</p><form method=post action=/decision><button name=decision value=deny>Deny</button>
      <button name=decision value=approve>Approve</button></form>`),
    '/decision': async (request, response) => {
      decisions.push(await text(request))
      response.write('<h1>Done</h1>')
    },
  })
  return { verificationUri: `${url}/device`, decisions }
}

test('a sign-in is approved after its code and account were compared', async () => {
  const { verificationUri, decisions } = await serveSignIn('WDJB-MJHT me@example.org')
  const pages = await approveSignIn({ ...person, verificationUri })
  expect(decisions).toEqual(['decision=approve'])
  expect([pages[0]?.heading, pages.at(-1)?.heading]).toEqual(['Connect a device', 'Done'])
})

test('a sign-in is denied where that is asked for', async () => {
  const { verificationUri, decisions } = await serveSignIn('WDJB-MJHT me@example.org')
  await approveSignIn({ ...person, verificationUri, decision: 'deny' })
  expect(decisions).toEqual(['decision=deny'])
})

test.each(['WDJB-MJHX me@example.org', 'WDJB-MJHT other@example.org'])('nothing is approved that shows %j', async (shown) => {
  const { verificationUri, decisions } = await serveSignIn(shown)
  await expect(approveSignIn({ ...person, verificationUri })).rejects.toThrow(`/confirm answered 200`)
  expect(decisions).toEqual([])
})
