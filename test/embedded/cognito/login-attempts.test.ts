import { expect, test } from 'vitest'
import { createLoginAttempts } from '../../../embedded/cognito/login-attempts.ts'
import { unknownAddress } from '../../../lambda/auth/client-address.ts'

const ada = 'ada@example.com'

function startCounting() {
  let time = Date.parse('2026-01-01T00:00:00Z')
  const attempts = createLoginAttempts(() => new Date(time))
  /** How many are let pass before the first that is not. */
  const tryUntilRefused = (email: string, network: string): number => {
    for (let tries = 0; tries < 1000; tries += 1) if (!attempts.count(email, network)) return tries
    return 1000
  }
  const pass = (minutes: number) => {
    time += minutes * 60_000
  }
  return { attempts, tryUntilRefused, pass }
}

const networks = (count: number) => Array.from({ length: count }, (_, index) => `198.51.100.${index}`)

test('ten at one account from one network, in a quarter of an hour, however the email is written', () => {
  const { attempts, tryUntilRefused, pass } = startCounting()
  expect(tryUntilRefused(ada, '203.0.113.1')).toBe(10)
  expect(attempts.count(' ADA@Example.com ', '203.0.113.1')).toBe(false)
  expect(attempts.count(ada, '203.0.113.2')).toBe(true)
  pass(15)
  expect(tryUntilRefused(ada, '203.0.113.1')).toBe(10)
})

test('40 at all accounts from one network', () => {
  const { attempts } = startCounting()
  const passed = Array.from({ length: 60 }, (_, index) => attempts.count(`${index}@example.com`, '203.0.113.1'))
  expect(passed.filter(Boolean)).toHaveLength(40)
})

test('100 at one account from all networks, but for those from which it has signed in', () => {
  const { attempts, tryUntilRefused, pass } = startCounting()
  expect(attempts.count(ada, '192.0.2.1')).toBe(true)
  attempts.succeed(ada, '192.0.2.1')
  const guessed = networks(50).map((network) => tryUntilRefused(ada, network))
  expect(guessed.reduce((sum, tries) => sum + tries)).toBe(100)
  expect(attempts.count(ada, '192.0.2.2')).toBe(false)
  expect(tryUntilRefused(ada, '192.0.2.1')).toBe(40)
  // Of another account the network knows nothing.
  expect(attempts.count('bob@example.com', '192.0.2.3')).toBe(true)
  pass(31 * 24 * 60)
  networks(50).map((network) => tryUntilRefused(ada, network))
  expect(attempts.count(ada, '192.0.2.1')).toBe(false)
})

test('who comes through a proxy is limited by account alone, and known nowhere', () => {
  const { attempts, tryUntilRefused } = startCounting()
  expect(attempts.count(ada, unknownAddress)).toBe(true)
  attempts.succeed(ada, unknownAddress)
  expect(tryUntilRefused('nobody@example.com', unknownAddress)).toBe(100)
  expect(tryUntilRefused(ada, unknownAddress)).toBe(100)
  expect(attempts.count('bob@example.com', unknownAddress)).toBe(true)
})

test('who signs in has used up nothing', () => {
  const { attempts, tryUntilRefused } = startCounting()
  for (let times = 0; times < 200; times += 1) {
    expect(attempts.count(ada, '192.0.2.1')).toBe(true)
    attempts.succeed(ada, '192.0.2.1')
  }
  expect(networks(50).reduce((sum, network) => sum + tryUntilRefused(ada, network), 0)).toBe(100)
})
