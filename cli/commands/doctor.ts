import { hostname } from 'node:os'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Context, Finish } from '../context.ts'
import { longestPatienceMs } from '../doctor/check-probe.ts'
import { examine } from '../doctor/examine.ts'
import { openPatient } from '../doctor/patient.ts'
import type { ExitCode } from '../exit-codes.ts'
import { Interruption } from '../interruption.ts'
import { createTransport } from '../remote/transport.ts'
import { createDoctorReport } from '../terminal/doctor-report.ts'
import { jsonOption, libraryOption, profileOption } from './options.ts'

interface DoctorFlags {
  readonly library?: string
  readonly profile?: string
  readonly wait: number
  readonly json?: true
}

/** `photos doctor`: looks for what is wrong with a remote, from its user's side. */
export function addDoctorCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command('doctor')
    .description('send a tiny probe through the remote and back, and say of each step that it is ok, or what to do')
    .addOption(libraryOption())
    .addOption(profileOption())
    .addOption(waitOption())
    .addOption(jsonOption())
    .action(async (flags: DoctorFlags) => finish(await runDoctor(flags, context)))
}

/** As long as API Gateway waits for a function. A photo may take longer on a slow line, a probe does not. */
const inactivityMs = 30_000

async function runDoctor({ library, profile, wait, json }: DoctorFlags, context: Context): Promise<ExitCode> {
  const { stdout, stderr, signal } = context
  const transport = createTransport({ clock: context.clock ?? {}, inactivityMs, answerWithinMs: inactivityMs })
  const report = createDoctorReport({ json: json === true, stdout, stderr, elapsed: transport.clock.elapsed })
  const open = () => openPatient({ library, profile, transport }, context)
  try {
    const options = { transport, device: hostname(), patienceMs: wait * 1000, signal }
    for await (const event of examine(open, options)) report.on(event)
    return report.finish()
  } catch (error) {
    if (signal.reason instanceof Interruption) report.stop(signal.reason.exitCode)
    throw error
  } finally {
    transport.close()
  }
}

function waitOption(): Option {
  return new Option('--wait <seconds>', 'how long the backend may take to process the probe')
    .env('PHOTOS_WAIT')
    .argParser(parseSeconds)
    .default(120)
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > longestPatienceMs / 1000) {
    throw new InvalidArgumentError('give a whole number of seconds from 1 to 3600.')
  }
  return seconds
}
