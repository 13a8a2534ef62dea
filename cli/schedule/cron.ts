import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { RunProgram } from './run-program.ts'
import { type Job, jobId, type Plan, type Scheduler } from './scheduler.ts'
import type { Timing } from './timing.ts'

/** Lines of the user's crontab, between two marks; all others stay as they are. */
export function createCron(run: RunProgram): Scheduler {
  const read = async (): Promise<string> => {
    const { exitCode, stdout, stderr } = await run(['crontab', '-l'])
    if (exitCode === 0) return stdout
    // A table that is there and could not be read is not to be replaced by one that holds nothing else.
    if (/no crontab for/i.test(stderr) || /No such file/i.test(stderr)) return ''
    throw new UserError(`your crontab cannot be read: ${stderr.trim()}`, {
      exitCode: exitCodes.usage,
      hint: 'look at it yourself: crontab -l',
    })
  }
  const writing = (text: string, shown: string): Plan => ({
    steps: [{ kind: 'run', command: ['crontab', '-'], input: { text, shown } }],
    hints: [],
  })
  return {
    name: 'cron',
    isThere: async () => (await run(['crontab', '-l'])).exitCode !== 127,
    async planInstallation(job) {
      const { before, after } = splitTable(await read(), job.name)
      const block = formatBlock(job)
      return writing(`${before}${block}${after}`, `these lines of your crontab, and no others:\n${block}`)
    },
    async planRemoval(jobName) {
      const { before, block, after } = splitTable(await read(), jobName)
      return block === undefined ? undefined : writing(`${before}${after}`, `your crontab without these lines:\n${block}`)
    },
    async findStatus(jobName) {
      const { block } = splitTable(await read(), jobName)
      if (block === undefined) return undefined
      return { place: block.split('\n')[1] ?? '', remark: 'cron does not tell when it ran, nor how that ended; --log-file does' }
    },
  }
}

interface Table {
  readonly before: string
  /** With its marks and its last line end. */
  readonly block: string | undefined
  readonly after: string
}

function splitTable(table: string, jobName: string): Table {
  const lines = table === '' || table.endsWith('\n') ? table : `${table}\n`
  const begin = lines.split('\n').indexOf(beginMark(jobName))
  const end = lines.split('\n').indexOf(endMark(jobName), begin)
  if (begin === -1 || end === -1) return { before: lines, block: undefined, after: '' }
  const all = lines.split('\n')
  const textOf = (part: readonly string[]): string => part.map((line) => `${line}\n`).join('')
  return {
    before: textOf(all.slice(0, begin)),
    block: textOf(all.slice(begin, end + 1)),
    after: textOf(all.slice(end + 1, -1)),
  }
}

const beginMark = (jobName: string) => `# ${jobId(jobName)}: begin (made by photos schedule install)`
const endMark = (jobName: string) => `# ${jobId(jobName)}: end`

/** What Debian's cron takes; others take more. Source: crontab(5), MAX_COMMAND. */
const longestCommand = 998

function formatBlock(job: Job): string {
  const variables = Object.entries(job.environment).map(([name, value]) => quoted(`${name}=${value}`))
  // A mail every night is read by nobody; one that comes when something failed is.
  const isSilent = job.command.some((word) => /^(--quiet|--verbose|--json|-[qv])$/.test(word))
  const [node = '', program = '', command = '', ...rest] = job.command
  const words = [node, program, command, ...(isSilent ? [] : ['--quiet']), ...rest].map(quoted)
  const line = ['nice -n 10', ...(variables.length > 0 ? ['env', ...variables] : []), ...words].join(' ')
  const problem = line.includes('\n') ? 'a name has a line end in it' : 'the command is too long'
  if (line.includes('\n') || line.length > longestCommand) {
    throw new UserError(`${problem}, which crontab does not take`, {
      exitCode: exitCodes.usage,
      hint: 'put the command into a script of your own, and that into your crontab: crontab -e',
    })
  }
  return `${beginMark(job.name)}\n${formatTimes(job.timing)} ${line}\n${endMark(job.name)}\n`
}

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
