import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { calculatePKCECodeChallenge } from 'oauth4webapi'
import { expect, test } from 'vitest'
import { formatUserCode, typedUserCodeSchema, userCodeAlphabet } from '../../../contract/device-grant.ts'
import { createAuthKeys, createRandomSecret, isSameSecret } from '../../../lambda/auth/auth-keys.ts'
import { codeChallengeOf, isStateOf, signInSecretsOf } from '../../../lambda/auth/browser-secret.ts'
import { networkOf, readableAddress } from '../../../lambda/auth/client-address.ts'
import { readableDeviceName } from '../../../lambda/auth/device-name.ts'
import { createUserCode } from '../../../lambda/auth/user-code.ts'

/** RFC 7636, section 4.1, with base64url alone. */
const base64url43 = /^[A-Za-z0-9_-]{43}$/

test('a code challenge is the one of RFC 7636, appendix B', () => {
  expect(codeChallengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')
})

test('every verifier and challenge is well-formed, and another implementation finds the same challenge', async () => {
  for (let times = 0; times < 2000; times++) {
    const { state, nonce, codeVerifier } = signInSecretsOf(createRandomSecret())
    const challenge = codeChallengeOf(codeVerifier)
    for (const text of [state, nonce, codeVerifier, challenge]) expect(text).toMatch(base64url43)
    expect(new Set([state, nonce, codeVerifier]).size).toBe(3)
    expect(challenge).toBe(await calculatePKCECodeChallenge(codeVerifier))
  }
})

test('a state belongs to the secret that it was made of', () => {
  const [one, other] = [createRandomSecret(), createRandomSecret()]
  expect(isStateOf(one, signInSecretsOf(one).state)).toBe(true)
  expect(isStateOf(other, signInSecretsOf(one).state)).toBe(false)
  expect(isStateOf(one, '')).toBe(false)
})

test('user codes use every letter of the alphabet evenly, and are read however they are typed', () => {
  const codes = Array.from({ length: 5000 }, createUserCode)
  const counts = new Map([...userCodeAlphabet].map((letter) => [letter, 0]))
  for (const code of codes) for (const letter of code) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  expect(counts.size).toBe(20)
  // 2000 of each are expected; six standard deviations are 262.
  for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(262)
  for (const code of codes.slice(0, 100)) {
    const shown = formatUserCode(code)
    for (const typed of [shown, code, shown.toLowerCase(), ` ${shown.replace('-', ' – ')} `]) {
      expect(typedUserCodeSchema.parse(typed)).toBe(code)
    }
  }
})

test('what is sealed opens for the same purpose only', () => {
  const keys = createAuthKeys(Buffer.alloc(32, 1))
  const others = createAuthKeys(Buffer.alloc(32, 2))
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), fc.string(), (text, context, otherContext) => {
      const sealed = keys.seal(text, context)
      expect(keys.open(sealed, context)).toBe(Buffer.from(text).toString())
      if (otherContext !== context) expect(() => keys.open(sealed, otherContext)).toThrow()
      expect(() => others.open(sealed, context)).toThrow()
      expect(keys.seal(text, context)).not.toBe(sealed)
    }),
  )
  expect(() => keys.open('', '')).toThrow()
  expect(() => createAuthKeys(Buffer.alloc(31))).toThrow()
})

test('secrets are compared whole', () => {
  expect([isSameSecret('a', 'a'), isSameSecret('a', 'b'), isSameSecret('a', 'aa'), isSameSecret('', 'a')]).toEqual([
    true,
    false,
    false,
    false,
  ])
})

test('user codes are hashed with a key, not only hashed', () => {
  const hash = createAuthKeys(Buffer.alloc(32, 1)).hashUserCode('BCDFGHJK')
  expect(hash).not.toBe(createAuthKeys(Buffer.alloc(32, 2)).hashUserCode('BCDFGHJK'))
  expect(hash).not.toBe(createHash('sha256').update('BCDFGHJK').digest('hex'))
})

test.each([
  ['NAS', 'NAS'],
  ['', 'a device without a name'],
  [' \u200b\u3164 ', 'a device without a name'],
  ['line\r\none\ttwo', 'line one two'],
  ['\u202eSAN\u2069\u0000\u001b[2J', 'SAN[2J'],
  ['Großmutters 旅行 NAS', 'Großmutters 旅行 NAS'],
  ['x'.repeat(64), 'x'.repeat(64)],
  ['x'.repeat(65), `${'x'.repeat(63)}…`],
  [`N${'\u0300'.repeat(200)}`, `N${'\u0300'.repeat(7)}`],
])('the device name %j is shown as %j', (name, shown) => {
  expect(readableDeviceName(name)).toBe(shown)
})

test('no device name holds what cannot be seen, or more than 64 letters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (name) => {
      const shown = readableDeviceName(name)
      expect(shown).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
      expect([...new Intl.Segmenter().segment(shown)].length).toBeLessThanOrEqual(64)
      expect(shown.trim()).not.toBe('')
    }),
  )
})

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:1:2::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('the network of %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})

test('an IPv4 address is shown as one', () => {
  expect(['::ffff:198.51.100.20', '2001:db8::1'].map(readableAddress)).toEqual(['198.51.100.20', '2001:db8::1'])
})
