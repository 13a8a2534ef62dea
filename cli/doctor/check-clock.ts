import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { answerInTime, startExchange, type Transport } from '../remote/transport.ts'
import { formatDuration } from '../terminal/format-duration.ts'
import type { Checked } from './finding.ts'

/** More than the slowest line and a `Date` header's whole seconds make up. S3 refuses what is 15 minutes off; this is early enough to mend it. */
const mostSkewMs = 60_000

/** Mends the clock of this machine for good. */
const clockCommands: Partial<Record<NodeJS.Platform, string>> & { readonly linux: string } = {
  linux: 'sudo timedatectl set-ntp true',
  darwin: 'sudo sntp -sS time.apple.com',
  win32: 'w32tm /resync',
}

/** Whether the clock of this machine is near enough to the remote's. @param aheadMs as {@link measureSkew} gives it @param name of the remote */
export function judgeClock(aheadMs: number, name: string): Checked<void> {
  const apart = formatDuration(Math.abs(aheadMs) / 1000)
  if (Math.abs(aheadMs) <= mostSkewMs) return { message: `${apart} from that of ${name}` }
  const direction = aheadMs > 0 ? 'ahead of' : 'behind'
  throw new UserError(`the clock of this machine is ${apart} ${direction} that of ${name}`, {
    exitCode: exitCodes.clockWrong,
    hint: `see which one is wrong, and set it: ${clockCommands[process.platform] ?? clockCommands.linux}`,
  })
}

/**
 * Milliseconds by which this machine's clock is ahead of the remote's, by the `Date` header of an answer that anybody gets;
 * undefined where it does not answer, or not with its time. The header has whole seconds, cut off: half a second late on average.
 */
export async function measureSkew(url: string, transport: Transport, signal: AbortSignal): Promise<number | undefined> {
  const target = new URL('.well-known/photos.json', url.endsWith('/') ? url : `${url}/`).href
  const askedAtMs = transport.clock.now()
  const { request, response } = startExchange(transport, { method: 'GET', url: target, headers: {} }, signal)
  try {
    request.end()
    const { headers } = await answerInTime(transport, request, response)
    const answeredAtMs = transport.clock.now()
    const remoteMs = Date.parse(headers.date ?? '')
    return Number.isNaN(remoteMs) ? undefined : (askedAtMs + answeredAtMs) / 2 - (remoteMs + 500)
  } catch {
    signal.throwIfAborted()
    return undefined // why it does not answer, the line about its description says
  } finally {
    request.destroy()
  }
}
