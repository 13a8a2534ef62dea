import type { Context } from '../context.ts'
import { UserError } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { Interruption } from '../interruption.ts'
import type { Transport } from '../remote/transport.ts'
import { formatSummary, summaryMessage } from '../terminal/summary.ts'
import type { Summary } from '../terminal/tally.ts'
import { isSuccess } from './is-success.ts'
import { listenerVariables } from './listener-variables.ts'
import { createPingTransport, ping, pingAddress } from './ping.ts'

/** Whom a run tells how it went. */
export interface Listeners {
  /** A secret. */
  readonly pingUrl?: URL | undefined
  /** For the shell. */
  readonly onSuccess?: string | undefined
  readonly onFailure?: string | undefined
}

export interface UnattendedRun {
  readonly listeners: Listeners
  readonly context: Context
  /** What could not be told, in lower case, a line. */
  readonly note: (message: string) => void
  /** What the run came to, once it has; undefined where it ended before it could begin. */
  readonly summary: () => Summary | undefined
}

const hookMinutes = 10
/** After a SIGTERM the system waits a while, and then kills. So this is all that the last ping and the command get together. */
const hurryMs = 4000
/** Of these the ping may take so much. */
const hurriedPingMs = 2000

/**
 * Does the work between the ping that says it has begun and the one that says how it ended, and runs the command for that end.
 * Resolves, or throws, as the work does: nobody who cannot be told fails a run.
 */
export async function runUnattended(run: UnattendedRun, work: () => Promise<ExitCode>): Promise<ExitCode> {
  const { pingUrl, onSuccess, onFailure } = run.listeners
  if ((pingUrl ?? onSuccess ?? onFailure) === undefined) return await work()
  const transport = createPingTransport(run.context.clock)
  let exitCode: ExitCode = exitCodes.unexpected
  try {
    await sendPing(run, transport, 'start', run.context.signal)
    exitCode = await work()
    return exitCode
  } catch (error) {
    if (error instanceof UserError || error instanceof Interruption) exitCode = error.exitCode
    throw error
  } finally {
    const { reason } = run.context.signal
    await tellEnd(run, transport, reason instanceof Interruption ? reason.exitCode : exitCode)
    transport.close()
  }
}

async function tellEnd(run: UnattendedRun, transport: Transport, exitCode: ExitCode): Promise<void> {
  const stopping = hurriedOnce(run.context.signal, transport)
  try {
    await sendPing(run, transport, exitCode, stopping.ping)
    await runCommand(run, exitCode, stopping.command)
  } finally {
    stopping.forget()
  }
}

interface Stopping {
  readonly ping: AbortSignal
  readonly command: AbortSignal
  forget(): void
}

/** Two signals that are aborted a while after the run was asked to stop, now or at any time from now on. */
function hurriedOnce(signal: AbortSignal, { clock }: Transport): Stopping {
  const [ping, command, forgotten] = [new AbortController(), new AbortController(), new AbortController()]
  const hurry = async (): Promise<void> => {
    await clock.delay(hurriedPingMs, forgotten.signal)
    ping.abort()
    await clock.delay(hurryMs - hurriedPingMs, forgotten.signal)
    command.abort()
  }
  const begin = (): void => void hurry().catch(() => {}) // what ended in time is forgotten
  if (signal.aborted) begin()
  else signal.addEventListener('abort', begin, { once: true, signal: forgotten.signal })
  return { ping: ping.signal, command: command.signal, forget: () => forgotten.abort() }
}

async function runCommand(run: UnattendedRun, exitCode: ExitCode, stop: AbortSignal): Promise<void> {
  const name = isSuccess(exitCode) ? 'onSuccess' : 'onFailure'
  const command = run.listeners[name]
  if (command === undefined) return
  const signal = AbortSignal.any([stop, AbortSignal.timeout(hookMinutes * 60_000)])
  // Few runs need what starts processes.
  const { runHook } = await import('./run-hook.ts')
  const failure = await runHook(command, { environment: hookEnvironment(run, exitCode), signal })
  if (failure !== undefined)
    run.note(`the command of ${name === 'onSuccess' ? '--on-success' : '--on-failure'} failed: ${failure}`)
}

async function sendPing(
  run: UnattendedRun,
  transport: Transport,
  moment: 'start' | ExitCode,
  signal: AbortSignal,
): Promise<void> {
  const { pingUrl } = run.listeners
  if (pingUrl === undefined || (moment === 'start' && signal.aborted)) return
  const text = moment === 'start' ? '' : `${describeEnd(run.summary(), moment)}\n`
  const failure = await ping(pingAddress(pingUrl, moment), text, { transport, signal })
  if (failure === undefined || (moment === 'start' && signal.aborted)) return
  run.note(`the ping of ${moment === 'start' ? 'the start' : 'the end'} was in vain: ${failure}`)
}

/** How it ended, without the name of any file, folder, account or remote: others keep it. */
function describeEnd(summary: Summary | undefined, exitCode: ExitCode): string {
  const end = `exit code ${exitCode}`
  return summary === undefined ? end : `${formatSummary(summary)}; ${end}`
}

/** `PHOTOS_EXIT_CODE`, `PHOTOS_SUMMARY`, and the counts of `--json`'s summary: `PHOTOS_UPLOADED`, `PHOTOS_FAILED`, … A stable interface. */
function hookEnvironment({ context, summary }: UnattendedRun, exitCode: ExitCode): Record<string, string | undefined> {
  const environment = { ...context.environment }
  for (const variable of listenerVariables) delete environment[variable]
  const end = summary()
  const { message_type: _, ...counts } = end === undefined ? {} : summaryMessage({ ...end, exitCode })
  for (const [name, value] of Object.entries(counts)) environment[`PHOTOS_${name.toUpperCase()}`] = String(value)
  return { ...environment, PHOTOS_EXIT_CODE: String(exitCode), PHOTOS_SUMMARY: describeEnd(end, exitCode) }
}
