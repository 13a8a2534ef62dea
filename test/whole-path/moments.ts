import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as leaveTheProcessor } from 'node:timers/promises'

/** What a process has read and written since it started: a measure of how far it is that no clock can blur. */
export interface Progress {
  readonly bytes: number
  readonly calls: number
}

/** A point in the work of a process. */
export interface Moment {
  readonly measure: keyof Progress
  readonly at: number
}

/** Undefined where the process is gone or the system does not tell. Source: proc_pid_io(5). */
export function readProgress(processId: number | undefined): Progress | undefined {
  try {
    // Nothing waits for a disk here, and a moment is soon over.
    const text = readFileSync(`/proc/${processId}/io`, 'utf8')
    const value = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
    const progress = { bytes: value('rchar') + value('wchar'), calls: value('syscr') + value('syscw') }
    return progress.calls > 0 ? progress : undefined
  } catch {
    return undefined
  }
}

/** Whether this system tells what a process has read and written; said once for each test file where it does not. */
export const isMeasurable = readProgress(process.pid) !== undefined
if (!isMeasurable) process.stderr.write('no /proc/PID/io here: the tests that act on the progress of a process are skipped\n')

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A moment before `share` of all that a whole run does; small files cost calls, large ones bytes. */
export function randomMoment(whole: Progress, random: () => number, share = 1): Moment {
  const measure = random() < 0.3 ? 'bytes' : 'calls'
  return { measure, at: random() * share * whole[measure] }
}

/** Kills the process, as a power failure would, when it has come to the moment. False when it ended before. */
export async function killAt(child: ChildProcess, moment: Moment, isOver: () => boolean = () => false): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null && !isOver()) {
    const progress = readProgress(child.pid)
    if (progress && progress[moment.measure] >= moment.at) return child.kill('SIGKILL')
    await leaveTheProcessor(1)
  }
  return false
}

/** All that a process does until it ends. */
export async function followProgress(child: ChildProcess): Promise<Progress> {
  let last: Progress = { bytes: 0, calls: 0 }
  while (child.exitCode === null && child.signalCode === null) {
    last = readProgress(child.pid) ?? last
    await leaveTheProcessor(1)
  }
  return last
}
