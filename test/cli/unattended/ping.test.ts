import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { UserError } from '../../../cli/errors.ts'
import { parsePingUrl, ping, pingAddress } from '../../../cli/unattended/ping.ts'
import { bodyOf, listen, transportInTest } from '../remote/scripted-server.ts'

describe('the address', () => {
  test.each([
    ['https://hc-ping.com/uuid', 'start', 'https://hc-ping.com/uuid/start'],
    ['https://hc-ping.com/uuid', 0, 'https://hc-ping.com/uuid'],
    ['https://hc-ping.com/uuid', 16, 'https://hc-ping.com/uuid'],
    ['https://hc-ping.com/uuid', 3, 'https://hc-ping.com/uuid/3'],
    ['https://hc-ping.com/key/slug/?create=1', 143, 'https://hc-ping.com/key/slug/143?create=1'],
    ['https://hc-ping.com/key/slug?create=1', 'start', 'https://hc-ping.com/key/slug/start?create=1'],
  ] as const)('%s at %s', (base, moment, address) => {
    expect(pingAddress(new URL(base), moment).href).toBe(address)
  })

  test.each(['hc-ping.com/secret', 'htps://hc-ping.com/secret', 'file:///secret', ''])(
    '%j is none, and is not repeated',
    (text) => {
      const parsed = (() => {
        try {
          return parsePingUrl(text)
        } catch (error) {
          return error
        }
      })()
      expect(parsed).toBeInstanceOf(UserError)
      expect(parsed).toMatchObject({ exitCode: 2 })
      expect(JSON.stringify(parsed) + String(parsed)).not.toContain('secret')
    },
  )
})

describe('a ping', () => {
  test('is a POST with what is to be said', async () => {
    const asked: { readonly request: IncomingMessage; readonly body: string }[] = []
    const url = await listen(async (request, response) => {
      asked.push({ request, body: String(await bodyOf(request)) })
      response.end('OK')
    })
    expect(await ping(new URL('/uuid/3', url), 'failed 1\n', transportInTest())).toBe(undefined)
    expect(asked.map(({ request, body }) => `${request.method} ${request.url} ${body}`)).toEqual(['POST /uuid/3 failed 1\n'])
  })

  test('is tried three times, and then was in vain', async () => {
    let asked = 0
    const url = await listen((_request, response) => {
      asked += 1
      response.writeHead(asked === 1 ? 429 : 503).end()
    })
    const { transport, pausesMs } = transportInTest()
    expect(await ping(new URL('/secret', url), '', { transport })).toBe('the answer was 503')
    expect({ asked, pauses: pausesMs.length }).toEqual({ asked: 3, pauses: 2 })
  })

  test('to an address that redirects says so at once', async () => {
    let asked = 0
    const url = await listen((_request, response) => {
      asked += 1
      response.writeHead(302, { location: 'https://elsewhere.example/the-secret' }).end()
    })
    expect(await ping(new URL('/secret', url), '', transportInTest())).toBe('it redirects; give the address that it leads to')
    expect(asked).toBe(1)
  })

  test.each([
    [200, undefined],
    [404, 'the answer was 404'],
  ])('whose answer is %i and a long page comes to %s', async (status, failure) => {
    const url = await listen((_request, response) => {
      response.writeHead(status).end('x'.repeat(100_000))
    })
    expect(await ping(new URL('/secret', url), '', transportInTest())).toBe(failure)
  })

  test('that nobody answers is in vain', async () => {
    const url = await listen((request) => void request.socket.destroy())
    expect(await ping(new URL('/secret', url), '', transportInTest())).toBe('nobody answers there')
  })

  test('to what does not speak https is in vain at once, and the address is not told', async () => {
    const url = new URL('/secret', await listen((_request, response) => void response.end()))
    url.protocol = 'https:'
    const { transport, pausesMs } = transportInTest()
    expect(await ping(url, '', { transport })).toBe('its certificate is not trusted, or it does not speak https')
    expect(pausesMs).toEqual([])
  })

  test('waits for a silent one no longer than it may', async () => {
    const url = await listen(() => {})
    const { transport, pausesMs } = transportInTest({ answerWithinMs: 20 })
    expect(await ping(new URL('/secret', url), '', { transport })).toBe('nobody answers there')
    expect(pausesMs).toHaveLength(2) // on a slow machine not every attempt gets there
  })
})
