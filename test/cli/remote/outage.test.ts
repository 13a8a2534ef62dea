import { expect, test } from 'vitest'
import { createNotices } from '../../../cli/remote/notices.ts'
import { createOutage, type OutageOptions } from '../../../cli/remote/outage.ts'
import { RetryableError, retry } from '../../../cli/remote/retry.ts'
import { createVirtualClock } from './virtual-clock.ts'

const minute = 60_000
const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' })
const busy = new RetryableError('busy')

/** 02:00 on the clock of whatever zone the tests run in. */
const twoAtNight = new Date(2026, 0, 31, 2, 0).getTime()

function outageInTest(options: OutageOptions = {}) {
  const clock = createVirtualClock(twoAtNight)
  const notices = createNotices()
  const told: string[] = []
  notices.listen((message) => told.push(message))
  const outage = createOutage(clock, notices, options)
  outage.endure()
  /** A request that fails until so much time has passed; says how often it was tried. */
  const request = async (patience: typeof outage.api, untilMs: number, error: Error): Promise<number> => {
    let attempts = 0
    const attempt = async (): Promise<void> => {
      attempts += 1
      if (clock.elapsed() < untilMs) throw error
    }
    await retry(attempt, { clock, patience })
    return attempts
  }
  return { clock, told, outage, request }
}

test('ten minutes without anybody who answers are survived, and told once', async () => {
  const { clock, told, outage, request } = outageInTest()
  await Promise.all([request(outage.storage, 10 * minute, reset), request(outage.api, 10 * minute, reset)])
  expect(clock.elapsed()).toBeLessThan(10.6 * minute)
  expect(told).toEqual(['the remote does not answer; trying until 02:15', 'the remote answers again'])
})

test('ten minutes of 503 from everybody are survived', async () => {
  const { told, outage, request } = outageInTest()
  expect(await request(outage.api, 10 * minute, busy)).toBeGreaterThan(8)
  expect(told).toHaveLength(2)
})

test('after 15 minutes it is given up, and the storage is lost', async () => {
  const { clock, told, outage, request } = outageInTest()
  await expect(request(outage.storage, Number.POSITIVE_INFINITY, reset)).rejects.toBe(reset)
  expect(clock.elapsed()).toBeGreaterThanOrEqual(15 * minute)
  expect(clock.elapsed()).toBeLessThan(16 * minute)
  expect(outage.storage.isLost()).toBe(true)
  expect(told).toEqual(['the remote does not answer; trying until 02:15'])
})

test('a failure of long ago, after which nobody asked, is not how an outage began', async () => {
  const { clock, told, outage, request } = outageInTest()
  const before = outage.storage.start()
  for (let failures = 1; failures <= 8; failures += 1) before.failed(reset)
  await clock.delay(60 * minute)
  expect(await request(outage.storage, 65 * minute, reset)).toBeGreaterThan(8)
  expect(told).toEqual(['the remote does not answer; trying until 03:15', 'the remote answers again'])
})

test('one request that fails while others succeed is given up after 8 attempts', async () => {
  const { clock, told, outage, request } = outageInTest()
  const isOver = new AbortController()
  const others = (async () => {
    while (!isOver.signal.aborted) {
      await clock.delay(3000)
      outage.storage.start().succeeded()
    }
  })()
  await expect(request(outage.storage, Number.POSITIVE_INFINITY, reset)).rejects.toBe(reset)
  isOver.abort()
  await others
  expect(clock.elapsed()).toBeLessThan(minute)
  expect(outage.storage.isLost()).toBe(false)
  expect(told).toEqual([])
})

test.each([
  ['a storage that answers 503 while the API is well', busy, false],
  ['a storage that cannot be reached while the API is well', reset, true],
])('%s', async (_name, error, isWaitedFor) => {
  const { clock, outage, request } = outageInTest()
  const asking = (async () => {
    for (let times = 0; times < 20; times += 1) {
      await clock.delay(10_000)
      outage.api.start().succeeded()
    }
  })()
  const sending = request(outage.storage, 3 * minute, error)
  await (isWaitedFor ? expect(sending).resolves.toBeGreaterThan(8) : expect(sending).rejects.toBe(error))
  await asking
})

test('a success that was on its way when the outage began does not shorten it', async () => {
  const { clock, outage, request } = outageInTest()
  const last = clock.delay(300).then(() => outage.storage.start().succeeded())
  expect(await request(outage.storage, 10 * minute, reset)).toBeGreaterThan(8)
  await last
})

const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', address: '127.0.0.1', port: 8080 })

test('a library whose server on this machine has stopped is not waited for', async () => {
  const { outage, request } = outageInTest({ revive: async () => false })
  await expect(request(outage.api, 10 * minute, refused)).rejects.toBe(refused)
})

test('a library that is brought back is asked again at once', async () => {
  const { clock, outage, request } = outageInTest({ revive: async () => true })
  expect(await request(outage.api, 0, refused)).toBe(1)
  expect(clock.elapsed()).toBe(0)
})

test('a tunnel or a proxy on this machine that is started again is', async () => {
  const { told, outage, request } = outageInTest()
  expect(await request(outage.api, 10 * minute, refused)).toBeGreaterThan(8)
  expect(told).toHaveLength(2)
})

test('a remote answers again as soon as bytes move, and their request has patience for the next outage', async () => {
  const { clock, told, outage } = outageInTest()
  let isSecondOver = false
  let hasMoved = false
  const attempt = async (onLife: () => void): Promise<void> => {
    if (clock.elapsed() < 10 * minute) throw reset
    if (told.length < 2) {
      onLife()
      hasMoved = true
      expect(told).toEqual(['the remote does not answer; trying until 02:15', 'the remote answers again'])
      await clock.delay(20 * minute)
      throw reset
    }
    if (clock.elapsed() < 40 * minute) throw reset
    isSecondOver = true
  }
  const hasAdvanced = (): boolean => {
    const advanced = hasMoved
    hasMoved = false
    return advanced
  }
  await retry(attempt, { clock, patience: outage.storage, hasAdvanced })
  expect(isSecondOver).toBe(true)
  expect(told).toHaveLength(4)
})

test('a request whose bytes move, and that fails each time, is given up', async () => {
  const { clock, outage } = outageInTest()
  let attempts = 0
  const attempt = async (onLife: () => void): Promise<void> => {
    attempts += 1
    onLife()
    throw reset
  }
  await expect(retry(attempt, { clock, patience: outage.storage })).rejects.toBe(reset)
  expect(attempts).toBe(8)
})

test.each([
  ['connections', reset],
  ['answers', new RetryableError('busy', { retryAfterMs: 600_000 })],
])('when the time of the run is over, no %s are waited for any more', async (_name, error) => {
  const { clock, told, outage, request } = outageInTest()
  outage.endure(() => 60_000 - clock.elapsed())
  await expect(request(outage.storage, Number.POSITIVE_INFINITY, error)).rejects.toBe(error)
  expect(clock.elapsed()).toBe(60_000)
  expect([outage.isOvertime(), outage.storage.isLost()]).toEqual([true, true])
  if (error === reset) expect(told).toEqual(['the remote does not answer; trying until 02:01'])
})

test('a short trouble after that is none, as what has begun is finished', async () => {
  const { outage, request } = outageInTest()
  outage.endure(() => 0)
  expect(await request(outage.storage, 5000, reset)).toBeGreaterThan(1)
  expect(outage.isOvertime()).toBe(false)
})

test('a short trouble is nobody’s business', async () => {
  const { told, outage, request } = outageInTest()
  await request(outage.api, 5000, reset)
  expect(told).toEqual([])
})

test('who lists photos is told after half a minute', async () => {
  const clock = createVirtualClock()
  const { api, storage } = createOutage(clock, createNotices())
  for (const patience of [api, storage]) {
    await expect(retry(() => Promise.reject(reset), { clock, patience })).rejects.toBe(reset)
  }
  expect(clock.elapsed()).toBe(2 * 31_750)
  expect(storage.isLost()).toBe(false)
})

test('who counts the attempts is not made to wait', async () => {
  const { clock, outage } = outageInTest()
  const attempt = () => Promise.reject(reset)
  await expect(retry(attempt, { clock, patience: outage.api, maximumAttempts: 3 })).rejects.toBe(reset)
  expect(clock.elapsed()).toBe(750)
})
