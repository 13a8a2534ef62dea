import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { isStrictlyTls, type ListenOptions, publicUrlOf, requireAllowed } from '../../embedded/listen-rules.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { canMakeCertificates, makeCertificate } from './certificate-in-test.ts'

const port = 8420

test.each<[string, Partial<ListenOptions>, number, string | undefined]>([
  ['this machine alone', { host: '127.0.0.1' }, 0, undefined],
  ['this machine alone, by name', { host: 'localhost' }, 0, undefined],
  ['this machine alone, in IPv6', { host: '::1' }, 0, undefined],
  ['every machine', { host: '0.0.0.0' }, 1, 'no-tls'],
  ['every machine in IPv6', { host: '::' }, 1, 'no-tls'],
  ['an address that begins like loopback', { host: '127.0.0.1.example.com' }, 1, 'no-tls'],
  ['a home network, on purpose', { host: '192.168.1.2', insecureHttp: true }, 1, undefined],
  ['a home network, on purpose, but for nobody', { host: '192.168.1.2', insecureHttp: true }, 0, 'no-accounts'],
  ['a proxy with TLS on this machine', { host: '127.0.0.1', publicUrl: 'https://photos.test' }, 1, undefined],
  ['a proxy for nobody', { host: '127.0.0.1', publicUrl: 'https://photos.test' }, 0, 'no-accounts'],
  ['a proxy without TLS', { host: '127.0.0.1', publicUrl: 'http://photos.test' }, 1, 'no-tls'],
  ['a proxy that others can go round', { host: '0.0.0.0', publicUrl: 'https://photos.test' }, 1, 'no-tls'],
  ['an address with a path', { host: '127.0.0.1', publicUrl: 'https://photos.test/photos' }, 1, 'bad-public-url'],
  ['an address with a password', { host: '127.0.0.1', publicUrl: 'https://me@photos.test' }, 1, 'bad-public-url'],
  ['every machine, spelt otherwise', { host: '0' }, 1, 'no-tls'],
  ['every machine in IPv6, spelt out', { host: '0:0:0:0:0:0:0:0' }, 1, 'no-tls'],
  ['this machine alone, spelt otherwise', { host: '127.1' }, 0, undefined],
  ['this machine alone, in both families', { host: '::ffff:127.0.0.1' }, 0, undefined],
  ['a host that is none', { host: '127.0.0.999' }, 1, 'no-tls'],
  ['an address of every machine', { host: '127.0.0.1', publicUrl: 'https://0.0.0.0' }, 1, 'bad-public-url'],
  ['an address of every machine in IPv6', { host: '127.0.0.1', publicUrl: 'https://[::]:8420' }, 1, 'bad-public-url'],
  ['an address that is none', { host: '127.0.0.1', publicUrl: 'photos.test' }, 1, 'bad-public-url'],
  ['an address for files', { host: '127.0.0.1', publicUrl: 'ftp://photos.test' }, 1, 'bad-public-url'],
])('%s', async (_, options, accounts, problem) => {
  const decided = requireAllowed({ host: '127.0.0.1', port, ...options }, async () => accounts)
  if (problem === undefined) await decided
  else await expect(decided).rejects.toMatchObject({ name: 'ListenRefusedError', problem })
})

test.each<[Partial<ListenOptions>, string]>([
  [{ host: '192.168.1.2' }, 'http://192.168.1.2:8420'],
  [{ host: 'fd00::2' }, 'http://[fd00::2]:8420'],
  [{ host: '0.0.0.0', publicUrl: 'https://photos.test' }, 'https://photos.test'],
  [{ host: '0.0.0.0', publicUrl: 'http://photos.test:8080/' }, 'http://photos.test:8080'],
])('others are told an address: %j', (options, url) => {
  expect(publicUrlOf({ host: '127.0.0.1', port, ...options }, port)).toBe(url)
})

test.each(['0.0.0.0', '0.0.0.0.', '0', '0x0.0', '::', '0:0:0:0:0:0:0:0', '::ffff:0.0.0.0'])(
  'of a machine that listens everywhere (%s) others are told an address that is not loopback, if it has one',
  (host) => {
    const { hostname } = new URL(publicUrlOf({ host, port }, port))
    expect(hostname).toMatch(/^(\d+\.\d+\.\d+\.\d+|localhost)$/)
    expect(hostname).not.toMatch(/^(127|0)\./)
  },
)

test.each([
  ['https://photos.example.org', true],
  ['https://photos.example.org:8443', false],
  ['http://photos.example.org', false],
  ['https://nas.local', false],
  ['https://nas', false],
  ['https://192.168.1.20', false],
  ['https://[2001:db8::1]', false],
])('browsers are told to ask for %s with TLS only: %s', (url, isStrict) => {
  expect(isStrictlyTls(url)).toBe(isStrict)
})

test.skipIf(!canMakeCertificates)('with a certificate, others are told a name that it is good for', async () => {
  const folder = await temporaryFolder()
  const tls = makeCertificate(folder, 'DNS:*.photos.test,DNS:nas.photos.test,IP:192.168.1.2')
  const told = (host: string) => publicUrlOf({ host, port, tls }, port)
  expect(told('0.0.0.0')).toBe('https://nas.photos.test:8420')
  expect(told('192.168.1.2')).toBe('https://192.168.1.2:8420')
  expect(told('other.photos.test')).toBe('https://other.photos.test:8420')
  expect(told('192.168.1.3')).toBe('https://nas.photos.test:8420')
  expect(publicUrlOf({ host: '0.0.0.0', port: 443, tls }, 443)).toBe('https://nas.photos.test')
})

test.skipIf(!canMakeCertificates)('a certificate and key that cannot work are refused before anything listens', async () => {
  const folder = await temporaryFolder()
  const one = makeCertificate(folder, 'DNS:photos.test', 'one')
  const other = makeCertificate(folder, 'DNS:photos.test', 'other')
  const decide = (tls: ListenOptions['tls']) => requireAllowed({ host: '0.0.0.0', port, tls }, async () => 1)
  await decide(one)
  await expect(decide({ cert: one.key, key: one.key })).rejects.toMatchObject({ problem: 'bad-certificate' })
  await expect(decide({ cert: one.cert, key: one.cert })).rejects.toMatchObject({ problem: 'bad-key' })
  await expect(decide({ cert: one.cert, key: other.key })).rejects.toMatchObject({ problem: 'other-key' })
})

test.skipIf(!canMakeCertificates)('a certificate that is not valid today is refused', async () => {
  const tls = makeCertificate(await temporaryFolder(), 'DNS:photos.test')
  const { validFrom, validTo } = new X509Certificate(tls.cert)
  const dayMs = 24 * 60 * 60 * 1000
  const decide = (milliseconds: number) => requireAllowed({ host: '0.0.0.0', port, tls }, async () => 1, new Date(milliseconds))
  await decide(Date.parse(validFrom))
  await decide(Date.parse(validTo))
  const refusal = { name: 'ListenRefusedError', problem: 'outdated-certificate' }
  await expect(decide(Date.parse(validFrom) - dayMs)).rejects.toMatchObject(refusal)
  await expect(decide(Date.parse(validTo) + dayMs)).rejects.toMatchObject(refusal)
})
