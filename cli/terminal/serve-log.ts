import type { EmbeddedOptions } from '../../embedded/serve.ts'
import type { Context } from '../context.ts'
import { visible } from './visible.ts'

/** Takes what a served library tells of itself. */
export type ServeLog = EmbeddedOptions['log']

/** What people are told in words: that somebody came in or was let go, and never who. */
const words: Readonly<Record<string, string>> = {
  'sign-in-approved': 'a sign-in was approved',
  'sign-in-denied': 'a sign-in was denied',
  'sign-in-redeemed': 'a device has fetched its tokens',
  'device-registered': 'a device was registered',
  'device-revoked': 'a device was revoked',
  'refresh-refused': 'a device that is not registered was refused',
}

/** Lines with the time on a terminal; elsewhere JSON, to which whatever keeps it adds the time. */
export function createServeLog({ stderr, now, signal }: Pick<Context, 'stderr' | 'now' | 'signal'>): ServeLog {
  return (entry) => {
    const json = JSON.stringify(entry)
    const said = signal.aborted && isCutOff(json) ? cutOff : (words[entry.event] ?? visible(json))
    stderr.write(stderr.isTTY === true ? `${formatClock(now())}  ${said}\n` : `${json}\n`)
  }
}

const cutOff = 'a request came too late; its client asks again by itself'

/** The functions reach the S3 through the listener, which takes no connection any more when all stops. */
function isCutOff(json: string): boolean {
  return json.includes('"event":"api-failed"') && json.includes('ECONNREFUSED')
}

/** By the clock of this machine: `2026-11-22 09:05:07`. */
function formatClock(time: Date): string {
  const two = (number: number) => String(number).padStart(2, '0')
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-')
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`
}
