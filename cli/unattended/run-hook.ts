import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

export interface HookOptions {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Ends it, with all that it has started: by a `TimeoutError` as it takes too long, else as the run is stopped. */
  readonly signal: AbortSignal
}

/**
 * Runs a command of the user's in the shell. What it prints goes to the standard error of this process, since standard output
 * is for the results of the run. Never throws: resolves with why it failed, in lower case, or with undefined.
 */
export async function runHook(command: string, { environment, signal }: HookOptions): Promise<string | undefined> {
  let child: ChildProcess | undefined
  try {
    // A group of its own, so that all of it can be ended.
    child = spawn(command, { shell: true, detached: true, env: environment, stdio: ['ignore', 2, 2] })
    const [exitCode, endedBy] = await once(child, 'exit', { signal })
    if (exitCode === 0) return undefined
    return exitCode === null ? `it was ended by ${endedBy}` : `its exit code was ${exitCode}`
  } catch (error) {
    if (!signal.aborted) return error instanceof Error ? error.message : String(error)
    if (child !== undefined) end(child)
    const { reason } = signal
    const isLate = reason instanceof Error && reason.name === 'TimeoutError'
    return `${isLate ? 'it took too long' : 'it was still at work when the run was stopped,'} and was told to end`
  }
}

/** Not waited for: one that does not listen is not to hold up the run. */
function end(child: ChildProcess): void {
  child.unref()
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGTERM')
  } catch {} // it has just ended by itself
}
