import type { Context } from '../context.ts'
import { findSchedulers } from '../schedule/find-scheduler.ts'
import type { RunProgram } from '../schedule/run-program.ts'
import { defaultJobName, type JobStatus, type Scheduler, type SchedulerName } from '../schedule/scheduler.ts'
import { formatCommand } from '../terminal/explain-failure.ts'
import { visible } from '../terminal/visible.ts'

export interface JobQuestion {
  /** Undefined for all of them. */
  readonly name?: string
  readonly with?: SchedulerName
}

/** Says of each job, or of the one that is named, how it stands. */
export async function showStatus(question: JobQuestion, run: RunProgram, context: Context): Promise<void> {
  const lines: string[] = []
  for (const scheduler of await findSchedulers(question.with, context, run)) {
    for (const name of question.name === undefined ? await scheduler.listJobs() : [question.name]) {
      const status = await scheduler.findStatus(name)
      if (status !== undefined) lines.push(...formatStatus(scheduler, name, status))
    }
  }
  if (lines.length === 0) lines.push(await formatNothing(question, run, context))
  for (const line of lines) context.stdout.write(`${visible(line)}\n`)
}

/** What is said where there is no such job, and which others there are. */
export async function formatNothing(question: JobQuestion, run: RunProgram, context: Context): Promise<string> {
  const schedulers = await findSchedulers(question.with, context, run)
  const all = await Promise.all(schedulers.map((scheduler) => scheduler.listJobs()))
  const names = [...new Set(all.flat())].map((name) => `--name ${name}`)
  if (names.length === 0) return `nothing is scheduled; to begin: ${formatCommand(['schedule', 'install', 'DIR'])}`
  return `nothing is scheduled under the name ${question.name ?? defaultJobName}; there are: ${names.join(', ')}`
}

function formatStatus({ name: scheduler }: Scheduler, jobName: string, status: JobStatus): readonly string[] {
  const { place, timing, nextRun, lastRun, lastExitCode, isRunning, remark } = status
  const exitCode = lastExitCode === undefined ? undefined : `exit code ${lastExitCode}`
  const lines = [
    `${scheduler}${jobName === defaultJobName ? '' : ` --name ${jobName}`}: ${place}`,
    isRunning ? 'running now' : undefined,
    timing,
    nextRun === undefined ? undefined : `next run: ${nextRun}`,
    (lastRun ?? exitCode) === undefined ? undefined : `last run: ${[lastRun, exitCode].filter(Boolean).join(', ')}`,
    remark,
  ]
  return lines.filter((line) => line !== undefined)
}
