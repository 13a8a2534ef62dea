import { describe, expect, test } from 'vitest'
import { parseRemoteUrl, requirePrivate, requirePrivateEndpoints } from '../../../cli/session/remote-url.ts'
import { remoteConfigurationInTest } from '../remote-configuration-in-test.ts'

test.each([
  ['https://photos.example.com', 'https://photos.example.com'],
  ['https://photos.example.com/', 'https://photos.example.com'],
  ['  photos.example.com ', 'https://photos.example.com'],
  ['photos.example.com:8420', 'https://photos.example.com:8420'],
  ['HTTPS://Photos.Example.com/stage//', 'https://photos.example.com/stage'],
  ['https://photos.example.com/.well-known/photos.json?x=1#y', 'https://photos.example.com'],
  ['http://192.168.1.20:8420', 'http://192.168.1.20:8420'],
  ['192.168.1.20:8420', 'https://192.168.1.20:8420'],
  ['localhost:8420', 'http://localhost:8420'],
  ['127.0.0.1:8420', 'http://127.0.0.1:8420'],
  ['[::1]:8420', 'http://[::1]:8420'],
  ['https://bücher.example', 'https://xn--bcher-kva.example'],
])('%j is %s', (typed, url) => {
  expect(parseRemoteUrl(typed)).toBe(url)
})

test.each(['', '   ', 'https://', 'ftp://photos.example.com', 'file:///etc/passwd', 'http://[', 'a b'])(
  '%j is a usage error',
  (typed) => {
    expect(() => parseRemoteUrl(typed)).toThrow(expect.objectContaining({ name: 'UserError', exitCode: 2 }))
  },
)

test('a password in it is a usage error that does not repeat it', () => {
  expect(() => parseRemoteUrl('https://anna:hunter2@photos.example.com')).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.not.stringContaining('hunter2') }),
  )
})

describe('http', () => {
  test.each(['http://127.0.0.1:8420', 'http://127.9.9.9', 'http://localhost', 'http://[::1]:1', 'https://photos.example.com'])(
    '%s is private',
    (url) => requirePrivate(url, false),
  )

  test.each([
    'http://192.168.1.20:8420',
    'http://photos.example.com',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
  ])('%s asks for --insecure-http', (url) => {
    expect(() => requirePrivate(url, false)).toThrow(
      expect.objectContaining({ exitCode: 2, hint: expect.stringContaining('--insecure-http') }),
    )
    requirePrivate(url, true)
  })

  test('of any address that a remote names for itself does so, too', () => {
    const { endpoints, ...rest } = remoteConfigurationInTest('https://photos.example.com')
    requirePrivateEndpoints({ ...rest, endpoints }, false)
    for (const name of Object.keys(endpoints)) {
      const changed = { ...rest, endpoints: { ...endpoints, [name]: 'http://photos.example.com' } }
      expect(() => requirePrivateEndpoints(changed, false)).toThrow(expect.objectContaining({ exitCode: 2 }))
    }
  })
})

test('names beyond ASCII are still addresses when thousands were parsed before', () => {
  // URL.canParse of Node 20 and 22 says no once V8 has optimised it.
  for (let times = 0; times < 5000; times += 1) {
    parseRemoteUrl('https://photos.example')
    expect(parseRemoteUrl('https://bücher.example')).toBe('https://xn--bcher-kva.example')
  }
})
