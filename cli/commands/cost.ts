import { type Command, InvalidArgumentError, Option } from 'commander'
import type { ListEntry } from '../../contract/photos.ts'
import type { RemoteConfiguration, StorageClass } from '../../contract/remote-configuration.ts'
import type { Context, Finish } from '../context.ts'
import { estimateCost } from '../cost/estimate.ts'
import { formatEstimate } from '../cost/format-estimate.ts'
import { measureUsage } from '../cost/measure-usage.ts'
import { storageClasses } from '../cost/prices.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { Remote } from '../remote/remote.ts'
import { openRemote } from '../session/open-remote.ts'
import { type CostSubject, formatCost } from '../terminal/cost-table.ts'
import { visible } from '../terminal/visible.ts'
import { wrapFor } from '../terminal/wrap.ts'
import { jsonOption, libraryOption, profileOption } from './options.ts'

interface CostFlags {
  readonly storageClass?: StorageClass
  readonly years: readonly number[]
  readonly library?: string
  readonly profile?: string
  readonly json?: true
}

/** `photos cost`: what is stored costs at AWS, by storage class, beside Google One. */
export function addCostCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command('cost')
    .description('say what your photos cost at AWS a month and over years, in each storage class, beside Google One')
    .addOption(storageClassOption())
    .addOption(yearsOption())
    .addOption(libraryOption())
    .addOption(profileOption())
    .addOption(jsonOption())
    .action(async (flags: CostFlags) => finish(await costAsTyped(flags, context)))
}

function storageClassOption(): Option {
  return new Option('--storage-class <class>', 'only this storage class (default: all)')
    .env('PHOTOS_COST_STORAGE_CLASS')
    .choices(storageClasses)
}

function yearsOption(): Option {
  return new Option('--years <list>', 'over how many years, up to three of them')
    .env('PHOTOS_COST_YEARS')
    .argParser(parseYears)
    .default([1, 5, 10], '1,5,10')
}

const mostYears = 50

function parseYears(text: string): readonly number[] {
  const years = text.split(',').map(Number)
  if (years.length > 3 || years.some((count) => !Number.isInteger(count) || count < 1 || count > mostYears)) {
    throw new InvalidArgumentError(`give up to three whole numbers from 1 to ${mostYears}, such as 1,5,10.`)
  }
  return years
}

async function costAsTyped(flags: CostFlags, context: Context): Promise<ExitCode> {
  const { library, profile } = flags
  const { remote, notes, close } = await openRemote({ library, profile, whenMissing: 'require', log: () => {} }, context)
  try {
    const { stderr } = context
    if (stderr.isTTY && !flags.json) for (const note of notes) stderr.write(`${wrapFor(stderr, visible(note))}\n`)
    return await runCost({ remote, flags, context })
  } finally {
    await close()
  }
}

export interface CostOptions {
  readonly remote: Remote
  readonly flags: Pick<CostFlags, 'storageClass' | 'years' | 'json'>
  readonly context: Pick<Context, 'stdout' | 'stderr' | 'now' | 'signal'>
}

/** Reads the whole list once, and that of the trash, a page at a time, and writes the estimate. */
export async function runCost({ remote, flags, context }: CostOptions): Promise<ExitCode> {
  const { stdout, stderr, signal } = context
  const usage = await measureUsage(listAll(remote, signal), context.now())
  const classes = flags.storageClass === undefined ? storageClasses : [flags.storageClass]
  const estimate = estimateCost(usage, flags.years, classes)
  const subject = subjectOf(remote.configuration)
  if (flags.json) stdout.write(`${formatEstimate(estimate, subject)}\n`)
  else if (estimate.photos === 0) stderr.write('no photos yet\n')
  else {
    const { heading, table, notes } = formatCost(estimate, subject)
    const lines = [wrapFor(stdout, heading), '', ...table, '', ...notes.map((note) => wrapFor(stdout, visible(note)))]
    for (const line of lines) stdout.write(`${line}\n`)
  }
  return exitCodes.done
}

/** What is in the trash lies in the storage all the same, and costs as much. */
async function* listAll(remote: Remote, signal: AbortSignal): AsyncGenerator<ListEntry> {
  yield* remote.listPhotos({}, { signal })
  yield* remote.listPhotos({ trashed: true }, { signal })
}

function subjectOf({ endpoints, region, storageClass }: RemoteConfiguration): CostSubject {
  const isOnAws = /\.amazonaws\.com(\.cn)?$/.test(new URL(endpoints.s3).hostname)
  return { isOnAws, region, storageClass: isOnAws ? storageClass : undefined }
}
