import { once } from 'node:events'
import { resolve } from 'node:path'
import type { Interface } from 'node:readline/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Context, Finish } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { Interruption } from '../interruption.ts'
import { carryOut, formatPlan } from '../schedule/carry-out.ts'
import { findSchedulers, noScheduler, schedulerNames } from '../schedule/find-scheduler.ts'
import type { RunProgram } from '../schedule/run-program.ts'
import { defaultJobName, type Job, type JobStatus, type Plan, type Scheduler, type SchedulerName } from '../schedule/scheduler.ts'
import { formatTiming, parseTiming } from '../schedule/timing.ts'
import { profileNameSchema } from '../session/profile-name.ts'
import { formatCommand, formatWords } from '../terminal/explain-failure.ts'
import { visible } from '../terminal/visible.ts'
import { scheduledSync } from './scheduled-sync.ts'

interface JobFlags {
  readonly name: string
  readonly with?: SchedulerName
  readonly yes?: true
}

interface InstallFlags extends JobFlags {
  readonly every?: string
  readonly at?: string
}

/** `photos schedule`: has the system run `photos sync` by the clock. */
export function addScheduleCommand(program: Command, context: Context, finish: Finish): void {
  const schedule = program.command('schedule').description('back up by the clock: with systemd, launchd or cron')
  const ended = async (work: Promise<void>): Promise<void> => {
    await work
    finish(exitCodes.done)
  }
  addJobOptions(schedule.command('install'))
    .description('run `photos sync DIR…` by the clock; shows all that it would write, and changes nothing without a yes')
    .usage('[options] <dir...> [options of photos sync]')
    .argument('[words...]', 'folders to back up, and any options of `photos sync`')
    .allowUnknownOption()
    .addOption(new Option('--every <time>', 'how often: 30m, 6h, 1d or 7d (default: 1d)').env('PHOTOS_SCHEDULE_EVERY'))
    .addOption(new Option('--at <time>', 'at what time of the day (default: 03:00)').env('PHOTOS_SCHEDULE_AT'))
    .addOption(yesOption())
    .action((words: string[], flags: InstallFlags) => ended(install(words, flags, program, context)))
  addJobOptions(schedule.command('status'))
    .description('say what is installed, when it runs next, and how the last run ended')
    .action((flags: JobFlags) => ended(showStatus(flags, context)))
  addJobOptions(schedule.command('remove'))
    .description('take it away again; shows all that it would change, and changes nothing without a yes')
    .addOption(yesOption())
    .action((flags: JobFlags) => ended(remove(flags, context)))
}

function addJobOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--with <scheduler>', 'which one (default: the first that this machine has)')
        .env('PHOTOS_SCHEDULE_WITH')
        .choices(schedulerNames),
    )
    .addOption(
      new Option('--name <name>', 'tells several jobs apart')
        .env('PHOTOS_SCHEDULE_NAME')
        .argParser(parseJobName)
        .default(defaultJobName),
    )
}

function yesOption(): Option {
  return new Option('-y, --yes', 'do it without asking').env('PHOTOS_YES')
}

function parseJobName(text: string): string {
  if (profileNameSchema.safeParse(text).success) return text
  throw new InvalidArgumentError('give a name of 1 to 64 small letters, digits, hyphens and underscores.')
}

async function install(words: readonly string[], flags: InstallFlags, program: Command, context: Context): Promise<void> {
  const timing = parseTiming(flags)
  const photos = [process.execPath, resolve(process.argv[1] ?? 'photos')]
  const job = { name: flags.name, timing, ...(await scheduledSync(words, photos, program, context)) }
  const run = await programsOf(context)
  const [scheduler] = await findSchedulers(flags.with, context, run)
  if (scheduler === undefined) throw noScheduler(formatWords(shellCommand(job)))
  const plan = await scheduler.planInstallation(job)
  const title = `${formatTiming(timing)}, with ${scheduler.name}:`
  if (await carryOutIfMeant({ title, plan, isMeant: flags.yes === true }, run, context)) {
    context.stdout.write('installed; to see how it goes: photos schedule status\n')
  }
}

/** The same in the words of a shell. */
function shellCommand({ environment, command }: Pick<Job, 'environment' | 'command'>): readonly string[] {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  return variables.length > 0 ? ['env', ...variables, ...command] : command
}

async function remove(flags: JobFlags, context: Context): Promise<void> {
  const run = await programsOf(context)
  let found = 0
  for (const { name, planRemoval } of await findSchedulers(flags.with, context, run)) {
    const plan = await planRemoval(flags.name)
    if (plan === undefined) continue
    found += 1
    const wasDone = await carryOutIfMeant({ title: `with ${name}:`, plan, isMeant: flags.yes === true }, run, context)
    if (wasDone) context.stdout.write('removed\n')
  }
  if (found === 0) context.stdout.write('nothing is scheduled\n')
}

interface Meant {
  readonly title: string
  readonly plan: Plan
  readonly isMeant: boolean
}

/** Loaded only here: other commands start sooner without what starts processes. */
async function programsOf(context: Context): Promise<RunProgram> {
  const { programRunner } = await import('../schedule/run-program.ts')
  return programRunner(context)
}

/** Shows a plan, and carries it out where that is meant: by a flag, or by a yes on a terminal. Tells whether it was. */
async function carryOutIfMeant({ title, plan, isMeant }: Meant, run: RunProgram, context: Context): Promise<boolean> {
  const { stdout, stderr } = context
  const text = `${title}\n${formatPlan(plan, formatWords)}`
  stdout.write(`${text.split('\n').map(visible).join('\n')}`)
  for (const hint of plan.hints) stderr.write(`${visible(hint)}\n`)
  if (!isMeant && !(await isAgreed(context))) {
    stdout.write('nothing was changed; with --yes it is\n')
    return false
  }
  await carryOut(plan, run)
  return true
}

async function isAgreed({ stdin, stderr, signal }: Context): Promise<boolean> {
  if (!stdin.isTTY) return false
  const { createInterface } = await import('node:readline/promises')
  const questions = createInterface({ input: stdin, output: stderr })
  try {
    return /^y(es)?$/i.test((await answerTo('Do it? [y/N] ', questions, signal)).trim())
  } finally {
    questions.close()
  }
}

/** On a terminal it is readline that hears of a Ctrl-C, and of an end of the input (Ctrl-D), which is no yes. */
async function answerTo(question: string, questions: Interface, signal: AbortSignal): Promise<string> {
  const stopping = new AbortController()
  questions.on('SIGINT', () => stopping.abort(new Interruption('SIGINT')))
  const either = AbortSignal.any([signal, stopping.signal])
  const ended = once(questions, 'close').then(() => '')
  try {
    return await Promise.race([questions.question(question, { signal: either }), ended])
  } catch {
    either.throwIfAborted()
    return ''
  }
}

async function showStatus(flags: JobFlags, context: Context): Promise<void> {
  const schedulers = await findSchedulers(flags.with, context, await programsOf(context))
  const found = await Promise.all(
    schedulers.map(async (scheduler) => ({ scheduler, status: await scheduler.findStatus(flags.name) })),
  )
  const lines = found.flatMap(({ scheduler, status }) => (status === undefined ? [] : formatStatus(scheduler, status)))
  if (lines.length === 0) lines.push(`nothing is scheduled; to begin: ${formatCommand(['schedule', 'install', 'DIR'])}`)
  for (const line of lines) context.stdout.write(`${visible(line)}\n`)
}

function formatStatus({ name }: Scheduler, { place, nextRun, lastRun, lastExitCode, isRunning, remark }: JobStatus): string[] {
  const last = [lastRun, lastExitCode === undefined ? undefined : `exit code ${lastExitCode}`].filter(
    (part) => part !== undefined,
  )
  return [
    `${name}: ${place}`,
    ...(isRunning ? ['running now'] : []),
    ...(nextRun === undefined ? [] : [`next run: ${nextRun}`]),
    ...(last.length === 0 ? [] : [`last run: ${last.join(', ')}`]),
    ...(remark === undefined ? [] : [remark]),
  ]
}
