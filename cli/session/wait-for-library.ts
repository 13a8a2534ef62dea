import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Clock } from '../remote/retry.ts'
import { completeClock } from '../system-clock.ts'
import type { AskOptions } from './find-served.ts'

export interface WaitOptions {
  readonly clock?: Partial<Clock> | undefined
  readonly signal?: AbortSignal | undefined
  /** Hears what is waited for, in lower case, a line. */
  readonly tell?: ((message: string) => void) | undefined
  /**
   * Given by who must be alone with the library: so long another run that is at work is waited for. Who opens or closes a
   * library is waited for anyhow.
   */
  readonly waitMs?: number | undefined
  /** The run of photos with this process id that is at work with the library, in words; undefined where none is. */
  readonly findRun?: ((processId: number) => Promise<string | undefined>) | undefined
}

export interface LibraryWait extends AskOptions {
  /**
   * Waits until it may be worth to look again. Throws a `UserError` that says who has the library open when it was waited
   * long enough.
   */
  again(cause: unknown): Promise<void>
}

/** To open a library, or to close it, takes a second or two; on a slow disk some more. */
const usualWaitMs = 10_000
const tellAfterMs = 1500
const betweenAttemptsMs = 250
/** So that who is frozen is told of soon; who is only slow is asked once more. */
const firstPatienceMs = 2000
const patienceMs = 5000

/** Of one run that wants to open a library which may be open elsewhere. */
export function startWaiting(folder: string, options: WaitOptions): LibraryWait {
  const { tell = () => {}, waitMs, findRun = async () => undefined, signal = new AbortController().signal } = options
  const { elapsed, delay } = completeClock(options.clock)
  const startedMs = elapsed()
  /** Since it was found open. What a slow machine takes to load the backend is no time that anybody was given. */
  let foundMs: number | undefined
  let isTold = false
  return {
    signal,
    patienceMs: () => (foundMs === undefined ? firstPatienceMs : patienceMs),
    async again(cause) {
      foundMs ??= elapsed()
      const holder = await findHolder(folder, findRun)
      const waitedMs = elapsed() - foundMs
      const isMeantAlone = waitMs !== undefined && holder.run !== undefined
      if (waitedMs >= (isMeantAlone ? waitMs : Math.max(usualWaitMs, waitMs ?? 0))) throw stillOpen(folder, holder, cause)
      if (!isTold && elapsed() - startedMs >= tellAfterMs) {
        isTold = true
        tell(`waiting for ${holder.run ?? holder.name}: it has the library ${folder} open and does not answer`)
      }
      await delay(betweenAttemptsMs, signal)
    },
  }
}

interface Holder {
  /** As far as it has left a note. */
  readonly name: string
  /** Where it is a run that is at work: nobody else may be, however it answers. */
  readonly run: string | undefined
  readonly hint: string
}

async function findHolder(folder: string, findRun: NonNullable<WaitOptions['findRun']>): Promise<Holder> {
  const { findServing } = await import('../../embedded/serving.ts')
  const processId = (await findServing(folder))?.processId
  if (processId === undefined) {
    return { name: 'another process', run: undefined, hint: 'wait for the other run of photos to end, and try again' }
  }
  return {
    name: `process ${processId} (photos serve, or another run)`,
    run: await findRun(processId),
    hint: `wait for it to end, and try again; if it was stopped, let it go on: kill -CONT ${processId}; or end it: kill ${processId}`,
  }
}

function stillOpen(folder: string, { name, run, hint }: Holder, cause: unknown): UserError {
  if (run !== undefined) {
    const message = `another run of photos is at work with this library and does not answer: ${run}`
    return new UserError(message, { exitCode: exitCodes.locked, hint, cause })
  }
  const message = `${name} has the library ${folder} open and does not answer`
  return new UserError(message, { exitCode: exitCodes.remoteUnreachable, hint, cause })
}
