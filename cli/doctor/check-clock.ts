import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { answerInTime, startExchange, type Transport } from '../remote/transport.ts'
import { formatDuration } from '../terminal/format-duration.ts'
import type { Looked } from './finding.ts'

/** More than the slowest line and a `Date` header's whole seconds make up. S3 refuses what is 15 minutes off; this is early enough to mend it. */
const mostSkewMs = 60_000

/** Mends the clock of this machine for good. */
const clockCommands: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'sudo timedatectl set-ntp true',
  darwin: 'sudo sntp -sS time.apple.com',
  win32: 'w32tm /resync',
}

/** Compares the clock of this machine with the remote's, by the `Date` header of an answer that anybody gets. */
export async function checkClock(url: string, transport: Transport, signal: AbortSignal): Promise<Looked<void>> {
  const aheadMs = await measureSkew(url, transport, signal)
  const { host } = new URL(url)
  if (Math.abs(aheadMs) <= mostSkewMs) {
    return { message: `no more than ${formatDuration(Math.ceil(Math.abs(aheadMs) / 1000))} from that of ${host}` }
  }
  const direction = aheadMs > 0 ? 'ahead of' : 'behind'
  const command = clockCommands[process.platform] ?? clockCommands.linux
  throw new UserError(`the clock of this machine is ${formatDuration(Math.abs(aheadMs) / 1000)} ${direction} that of ${host}`, {
    exitCode: exitCodes.clockWrong,
    hint: `see which one is wrong, and set it: ${command}`,
  })
}

/** Milliseconds by which this machine is ahead. A `Date` header has whole seconds, cut off: it is half a second late on average. */
async function measureSkew(url: string, transport: Transport, signal: AbortSignal): Promise<number> {
  const target = new URL('.well-known/photos.json', url.endsWith('/') ? url : `${url}/`).href
  const askedAtMs = transport.clock.now()
  const { request, response } = startExchange(transport, { method: 'GET', url: target, headers: {} }, signal)
  try {
    request.end()
    const { headers } = await answerInTime(transport, request, response)
    const answeredAtMs = transport.clock.now()
    const remoteMs = Date.parse(headers.date ?? '')
    if (Number.isNaN(remoteMs)) throw noDate(url)
    return (askedAtMs + answeredAtMs) / 2 - (remoteMs + 500)
  } finally {
    request.destroy()
  }
}

function noDate(url: string): UserError {
  return new UserError(`${new URL(url).host} does not say what time it is`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: 'whatever stands between takes the Date header out of its answers: a proxy, most likely',
  })
}
