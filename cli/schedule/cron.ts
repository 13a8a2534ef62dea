import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { findLogFile, findTiming, formatLine, hasFoldersOf } from './cron-line.ts'
import { findMarkedJobs, formatBlock, splitTable } from './crontab.ts'
import { findLastLine } from './last-line.ts'
import type { RunProgram } from './run-program.ts'
import type { JobStatus, Plan, Scheduler } from './scheduler.ts'
import { findNextRun, formatMoment, formatTiming } from './timing.ts'

/** What is said of a machine, by the exit code of a crontab that does not start. */
const withoutCrontab: ReadonlyMap<number, string> = new Map([
  [126, 'you may not run the crontab of this machine'],
  [127, 'this machine has no crontab'],
])

/** Lines of the user's crontab, between two marks; all others stay as they are. */
export function createCron(run: RunProgram, now: () => Date): Scheduler {
  return {
    name: 'cron',
    isThere: async () => !withoutCrontab.has((await run(['crontab', '-l'])).exitCode),
    listJobs: async () => findMarkedJobs(await readTable(run)),
    async planInstallation(job): Promise<Plan> {
      const { before, line: old, after } = splitTable(await readTable(run), job.name)
      const line = formatLine(job)
      const block = formatBlock(job.name, line)
      const isNew = old === undefined || old === line
      return {
        ...writing(`${before}${block}${after}`, `your crontab as it is, ${isNew ? 'and' : 'but'} these lines in it:\n${block}`),
        replaced: isNew ? undefined : { text: `${old}\n`, hasSameFolders: hasFoldersOf(job, old) },
      }
    },
    async planRemoval(jobName) {
      const { before, line, after } = splitTable(await readTable(run), jobName)
      if (line === undefined) return undefined
      return writing(`${before}${after}`, `your crontab as it is, but without these lines:\n${formatBlock(jobName, line)}`)
    },
    async findStatus(jobName) {
      const { line } = splitTable(await readTable(run), jobName)
      return line === undefined ? undefined : await statusOf(line, now())
    },
  }
}

async function readTable(run: RunProgram): Promise<string> {
  const { exitCode, stdout, stderr } = await run(['crontab', '-l'])
  if (exitCode === 0) return stdout
  const missing = withoutCrontab.get(exitCode)
  if (missing !== undefined) {
    throw new UserError(missing, {
      exitCode: exitCodes.usage,
      hint: 'leave out --with cron, or see to it that this works: crontab -l',
    })
  }
  // A table that is there and could not be read is not to be replaced by one that holds nothing else.
  if (/no crontab for/i.test(stderr) || /No such file/i.test(stderr)) return ''
  throw new UserError(`your crontab cannot be read: ${stderr.trim()}`, {
    exitCode: exitCodes.usage,
    hint: 'look at it yourself: crontab -l',
  })
}

function writing(text: string, shown: string): Plan {
  return { steps: [{ kind: 'run', command: ['crontab', '-'], input: { text, shown } }], hints: [] }
}

async function statusOf(line: string, now: Date): Promise<JobStatus> {
  const timing = findTiming(line)
  const logFile = findLogFile(line)
  const lastLine = logFile === undefined ? undefined : await findLastLine(logFile)
  return {
    place: line,
    timing: timing === undefined ? undefined : formatTiming(timing),
    nextRun: timing === undefined ? undefined : formatMoment(findNextRun(timing, now)),
    remark: remarkOn(logFile, lastLine),
  }
}

function remarkOn(logFile: string | undefined, lastLine: string | undefined): string {
  if (lastLine !== undefined) return `the last line of ${logFile}: ${lastLine}`
  if (logFile !== undefined) return `no run is in the log yet: ${logFile}`
  return 'cron does not tell when it ran, nor how that ended; --log-file does'
}
