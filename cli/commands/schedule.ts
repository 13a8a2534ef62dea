import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Context, type Finish, jobsFolder } from '../context.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { findSchedulers, schedulerNames } from '../schedule/find-scheduler.ts'
import { planSecrets, secretsOption, secretsPath } from '../schedule/job-secrets.ts'
import type { RunProgram } from '../schedule/run-program.ts'
import { defaultJobName, type Plan, type SchedulerName } from '../schedule/scheduler.ts'
import { formatTiming, parseTiming } from '../schedule/timing.ts'
import { profileNameSchema } from '../session/profile-name.ts'
import { formatCommand } from '../terminal/explain-failure.ts'
import { visible } from '../terminal/visible.ts'
import { carryOutIfMeant } from './carry-out-if-meant.ts'
import { prepareElsewhere } from './schedule-elsewhere.ts'
import { formatNothing, showStatus } from './schedule-status.ts'
import { scheduledSync } from './scheduled-sync.ts'

interface JobFlags {
  readonly name?: string
  readonly with?: SchedulerName
  readonly yes?: true
}

interface InstallFlags extends JobFlags {
  readonly replace?: true
  readonly every?: string
  readonly at?: string
}

/** `photos schedule`: has the system run `photos sync` by the clock. @param commandLine what was typed */
export function addScheduleCommand(program: Command, context: Context, finish: Finish, commandLine: readonly string[]): void {
  const schedule = program.command('schedule').description('back up by the clock: with systemd, launchd or cron')
  const ended = async (work: Promise<void>): Promise<void> => {
    await work
    finish(exitCodes.done)
  }
  addJobOptions(schedule.command('install'))
    .description(
      'run `photos sync DIR…` by the clock; shows all that it would write, and changes nothing without a yes (--yes, or on a terminal)',
    )
    .usage('[options] <dir...> [options of photos sync]')
    .argument('[words...]', 'folders to back up, and any options of `photos sync`')
    .allowUnknownOption()
    .addOption(new Option('--every <time>', 'how often: 30m, 6h, 1d or 7d (default: 1d)').env('PHOTOS_SCHEDULE_EVERY'))
    .addOption(new Option('--at <time>', 'at what time of the day (default: 03:00)').env('PHOTOS_SCHEDULE_AT'))
    .addOption(
      new Option('--replace', 'take the place of a job of the same name that backs up other folders').env(
        'PHOTOS_SCHEDULE_REPLACE',
      ),
    )
    .addOption(yesOption())
    .action((words: string[], flags: InstallFlags) => ended(install(withSeparator(words, commandLine), flags, program, context)))
  addJobOptions(schedule.command('status'))
    .description('say what is installed, when it runs next, and how the last run ended, as far as the system tells')
    .action((flags: JobFlags) => ended(status(flags, context)))
  addJobOptions(schedule.command('remove'))
    .description(
      'take it away again; shows all that it would change, and changes nothing without a yes (--yes, or on a terminal)',
    )
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
    .addOption(new Option('--name <name>', 'tells several jobs apart').env('PHOTOS_SCHEDULE_NAME').argParser(parseJobName))
}

function yesOption(): Option {
  return new Option('-y, --yes', 'do it without asking').env('PHOTOS_YES')
}

function parseJobName(text: string): string {
  if (profileNameSchema.safeParse(text).success) return text
  throw new InvalidArgumentError('give a name of 1 to 64 small letters, digits, hyphens and underscores.')
}

/** The words of an argument with the `--` that commander has taken away, unless an option that it did not know came before. */
function withSeparator(words: readonly string[], commandLine: readonly string[]): readonly string[] {
  const separator = commandLine.indexOf('--')
  if (separator === -1 || words.includes('--')) return words
  const options = words.length - (commandLine.length - separator - 1)
  return [...words.slice(0, options), '--', ...words.slice(options)]
}

async function install(words: readonly string[], flags: InstallFlags, program: Command, context: Context): Promise<void> {
  const { name = defaultJobName } = flags
  const timing = parseTiming(flags)
  const sync = await scheduledSync(words, program, context)
  const photos = [process.execPath, resolve(process.argv[1] ?? 'photos')]
  const run = await programsOf(context)
  const [scheduler] = await findSchedulers(flags.with, context, run)
  const path = secretsPath(jobsFolder(context), name)
  const [node = '', ...rest] = photos
  const job = { ...sync, name, timing, program: [node, ...secretsOption(path, sync.secrets), ...rest] }
  const isMeant = flags.yes === true
  if (scheduler === undefined) throw await prepareElsewhere({ ...sync, job, path, isMeant }, run, context)
  const planned = await scheduler.planInstallation(job)
  const plan = {
    ...planned,
    steps: [...planSecrets(path, sync.secrets), ...planned.steps],
    hints: [...(sync.warning === undefined ? [] : [sync.warning]), ...planned.hints],
  }
  const title = `${formatTiming(timing)}, with ${scheduler.name}:`
  const check = (): void => refuseOtherFolders(planned, name, flags)
  if (await carryOutIfMeant({ title, plan, isMeant, check }, run, context)) {
    const status = ['schedule', 'status', ...(name === defaultJobName ? [] : ['--name', name])]
    context.stdout.write(`installed; to see how it goes: ${formatCommand(status)}\n`)
  }
}

/** The folders of the job that is there would be backed up no more, and nobody would hear of it. */
function refuseOtherFolders({ replaced }: Plan, name: string, flags: InstallFlags): void {
  if (replaced === undefined || replaced.hasSameFolders || flags.replace) return
  throw new UserError(`a job of the name ${name} is there already, and backs up other folders`, {
    exitCode: exitCodes.usage,
    hint: 'nothing was changed; for a second job add --name NAME; to have this one in its place add --replace',
  })
}

async function status(flags: JobFlags, context: Context): Promise<void> {
  await showStatus(flags, await programsOf(context), context)
}

async function remove(flags: JobFlags, context: Context): Promise<void> {
  const run = await programsOf(context)
  const { name = defaultJobName } = flags
  const forgotten = planSecrets(secretsPath(jobsFolder(context), name), {})
  const isMeant = flags.yes === true
  let found = 0
  for (const scheduler of await findSchedulers(flags.with, context, run)) {
    const planned = await scheduler.planRemoval(name)
    if (planned === undefined) continue
    found += 1
    const plan = { ...planned, steps: [...planned.steps, ...forgotten] }
    const title = `with ${scheduler.name}:`
    if (await carryOutIfMeant({ title, plan, isMeant }, run, context)) context.stdout.write('removed\n')
  }
  if (found === 0 && forgotten.length > 0) {
    const title = 'what a scheduler of another kind may still read:'
    if (await carryOutIfMeant({ title, plan: { steps: forgotten, hints: [] }, isMeant }, run, context)) return
  }
  if (found === 0) context.stdout.write(`${visible(await formatNothing({ ...flags, name }, run, context))}\n`)
}

/** Loaded only here: other commands start sooner without what starts processes. */
async function programsOf(context: Context): Promise<RunProgram> {
  const { programRunner } = await import('../schedule/run-program.ts')
  return programRunner(context)
}
