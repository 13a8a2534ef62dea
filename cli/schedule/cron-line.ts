import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { commandOf, type Job, lastWords } from './scheduler.ts'
import type { Timing } from './timing.ts'

/** In bytes: what Debian's cron takes; others take more. Source: crontab(5), MAX_COMMAND. */
const longestCommand = 998

/** The line of a job. Throws a `UserError` with exit code 2 for what cron does not take. */
export function formatLine(job: Job): string {
  const variables = Object.entries(job.environment).map(([name, value]) => `${name}=${value}`)
  // A mail every night is read by nobody; one that comes when something failed is.
  const isSilent = job.options.some((word) => /^(--quiet|--verbose|--json|-[qv])$/.test(word))
  const command = ['nice', '-n', '10', 'env', ...variables, ...commandOf(job, isSilent ? [] : ['--quiet'])].map(quoted).join(' ')
  const problem = command.includes('\n') ? 'a name has a line end in it' : 'the command is too long'
  if (command.includes('\n') || Buffer.byteLength(command) > longestCommand) {
    throw new UserError(`${problem}, which crontab does not take`, {
      exitCode: exitCodes.usage,
      hint: 'put the command into a script of your own, and that into your crontab: crontab -e',
    })
  }
  return `${formatTimes(job.timing)} ${command}`
}

/** Whether a line that was made for a job of this name backs up what this one does. */
export function hasFoldersOf(job: Job, line: string): boolean {
  return line.endsWith(` ${lastWords(job).map(quoted).join(' ')}`)
}

/** When a line runs, where it says that as {@link formatLine} does. */
export function findTiming(line: string): Timing | undefined {
  const [, minutes, hours, days, weekday] = /^(?:\*\/(\d+) \*|0 \*\/(\d+)|(\d+ \d+)) \* \* ([*0]) /.exec(line) ?? []
  if (minutes !== undefined) return { kind: 'minutes', every: Number(minutes) }
  if (hours !== undefined) return { kind: 'hours', every: Number(hours) }
  if (days === undefined) return undefined
  const [minute = 0, hour = 0] = days.split(' ').map(Number)
  return { kind: weekday === '0' ? 'weekly' : 'daily', hour, minute }
}

/** The file that a line's `--log-file` names, or its variable. */
export function findLogFile(line: string): string | undefined {
  const words = (line.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? []).map(unquoted)
  const index = words.indexOf('--log-file')
  if (index !== -1) return words[index + 1]
  return words.find((word) => word.startsWith(logVariable))?.slice(logVariable.length)
}

const logVariable = 'PHOTOS_LOG_FILE='

function formatTimes(timing: Timing): string {
  switch (timing.kind) {
    case 'minutes':
      return `*/${timing.every} * * * *`
    case 'hours':
      return `0 */${timing.every} * * *`
    case 'daily':
      return `${timing.minute} ${timing.hour} * * *`
    case 'weekly':
      return `${timing.minute} ${timing.hour} * * 0`
  }
}

/**
 * For the shell that cron starts. A `%` would end the command; `\%` outside of quotes is one for cron's that take the
 * backslash away and for those that leave it to the shell.
 */
function quoted(word: string): string {
  if (/^[\w@+=:,./-]+$/.test(word)) return word
  return `'${word.replaceAll("'", "'\\''").replaceAll('%', "'\\%'")}'`
}

function unquoted(word: string): string {
  return word.replaceAll(/'([^']*)'|\\(.)/g, (_all, inQuotes?: string, escaped?: string) => inQuotes ?? escaped ?? '')
}
