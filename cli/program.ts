import { Command, CommanderError } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { addCostCommand } from './commands/cost.ts'
import { addDevicesCommand } from './commands/devices.ts'
import { addDoctorCommand } from './commands/doctor.ts'
import { addFreeUpCommand } from './commands/free-up.ts'
import { addLoginCommand } from './commands/login.ts'
import { addLogoutCommand } from './commands/logout.ts'
import { addLsCommand } from './commands/ls.ts'
import { settleFlags } from './commands/options.ts'
import { pointAtHelp } from './commands/point-at-help.ts'
import { addPullCommand } from './commands/pull.ts'
import { refuseSwallowedFlags } from './commands/refuse-swallowed-flags.ts'
import { addScheduleCommand } from './commands/schedule.ts'
import { addServeCommand } from './commands/serve.ts'
import { addSyncCommand } from './commands/sync.ts'
import { addTrashCommand } from './commands/trash.ts'
import { addUsersCommand } from './commands/users.ts'
import { addVerifyCommand } from './commands/verify.ts'
import { addWatchCommand } from './commands/watch.ts'
import { addWhoamiCommand } from './commands/whoami.ts'
import type { Context, Finish } from './context.ts'
import { UserError } from './errors.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { Interruption } from './interruption.ts'
import { explainFailure } from './terminal/explain-failure.ts'

/** Runs one command line and says how it ended. What it throws is a bug. */
export async function run(commandLine: readonly string[], context: Context): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.done
  const finish: Finish = (code) => {
    exitCode = code
  }
  try {
    await createProgram(commandLine, context, finish).parseAsync(commandLine, { from: 'user' })
  } catch (error) {
    exitCode = explain(error, commandLine, context)
  }
  const { reason } = context.signal
  return context.signal.aborted && reason instanceof Interruption ? reason.exitCode : exitCode
}

function explain(error: unknown, commandLine: readonly string[], { signal, stderr }: Context): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  if (signal.aborted) {
    if (signal.reason instanceof Interruption) stderr.write('interrupted\n')
    return exitCodes.interrupted
  }
  if (error instanceof Interruption) {
    stderr.write('interrupted\n')
    return error.exitCode
  }
  if (!(error instanceof UserError)) throw error
  stderr.write(explainFailure(error, commandLine, stderr))
  return error.exitCode
}

function createProgram(commandLine: readonly string[], context: Context, finish: Finish): Command {
  const program = new Command('photos')
    .description('Backs up the originals of your photos and videos, and gives them back bit for bit.')
    .version(packageJson.version)
    .showHelpAfterError('Type photos --help, or photos COMMAND --help, for what there is.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .hook('preAction', (_program, command) => {
      refuseSwallowedFlags(command, commandLine)
      settleFlags(command, context.environment)
    })
  addSyncCommand(program, context, finish)
  addWatchCommand(program, context, finish)
  addPullCommand(program, context, finish, commandLine)
  addLsCommand(program, context, finish)
  addLoginCommand(program, context, finish)
  addLogoutCommand(program, context, finish)
  addWhoamiCommand(program, context, finish)
  addDevicesCommand(program, context, finish)
  addDoctorCommand(program, context, finish)
  addVerifyCommand(program, context, finish)
  addFreeUpCommand(program, context, finish)
  addCostCommand(program, context, finish)
  addTrashCommand(program, context, finish)
  addServeCommand(program, context, finish)
  addUsersCommand(program, context, finish)
  addScheduleCommand(program, context, finish, commandLine)
  pointAtHelp(program, program.name())
  return program
}
