import { describe, expect, test } from 'vitest'
import { createServeLog } from '../../../cli/terminal/serve-log.ts'
import { RecordedStream } from './recorded-stream.ts'

const now = () => new Date(2026, 10, 22, 9, 5, 7)

function logged(
  isTTY: boolean,
  entry: Parameters<ReturnType<typeof createServeLog>>[0],
  signal = new AbortController().signal,
): string {
  const stderr = new RecordedStream({ isTTY })
  createServeLog({ stderr, now, signal })(entry)
  return stderr.text
}

describe('what a served library tells', () => {
  test.each([
    ['sign-in-approved', 'a sign-in was approved'],
    ['sign-in-denied', 'a sign-in was denied'],
    ['sign-in-redeemed', 'a device has fetched its tokens'],
    ['device-registered', 'a device was registered'],
    ['device-revoked', 'a device was revoked'],
    ['refresh-refused', 'a device that is not registered was refused'],
  ])('%s is a line with its time for people, and JSON for scripts', (event, words) => {
    expect(logged(true, { level: 'info', event })).toBe(`2026-11-22 09:05:07  ${words}\n`)
    expect(logged(false, { level: 'info', event })).toBe(`{"level":"info","event":"${event}"}\n`)
  })

  test('a request that the stop has cut off is no failure to a person; any other failure then is', () => {
    const entry = {
      level: 'error',
      event: 'api-failed',
      path: '/v1/uploads',
      error: 'Error: connect ECONNREFUSED ::1:1',
    } as const
    const stopped = AbortSignal.abort()
    expect(logged(true, entry, stopped)).toBe('2026-11-22 09:05:07  a request came too late; its client asks again by itself\n')
    expect(logged(true, entry)).toContain('ECONNREFUSED')
    expect(logged(true, { ...entry, error: 'Error: lost' }, stopped)).toContain('Error: lost')
    expect(logged(false, entry, stopped)).toBe(`${JSON.stringify(entry)}\n`)
  })

  test('a failure is JSON with all that is known of it, on a terminal without what would write on it', () => {
    const entry = { level: 'error', event: 'api-failed', path: '/v1/usage', error: 'Error: \u202e\u001b[2J' } as const
    expect(logged(false, entry)).toBe(`${JSON.stringify(entry)}\n`)
    expect(logged(true, entry)).toMatch(/^2026-11-22 09:05:07 {2}\{"level":"error","event":"api-failed".+\}\n$/)
    expect(logged(true, entry)).not.toContain('\u202e')
  })
})
