import type { Context } from '../context.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { planSecrets, type Secrets } from '../schedule/job-secrets.ts'
import type { RunProgram } from '../schedule/run-program.ts'
import { commandOf, type Job } from '../schedule/scheduler.ts'
import { formatWords } from '../shell-words.ts'
import { visible } from '../terminal/visible.ts'
import { carryOutIfMeant } from './carry-out-if-meant.ts'

export interface JobElsewhere {
  readonly job: Job
  readonly secrets: Secrets
  /** Where the job reads its secrets. */
  readonly path: string
  readonly isMeant: boolean
  /** What a person should know first, in lower case. */
  readonly warning: string | undefined
}

/**
 * For a scheduler that nothing here knows: writes what the job reads, where there is such a thing and it is meant, and resolves
 * with the failure that says which line is to be entered there. No secret is in the line, and nothing is left to be filled in.
 */
export async function prepareElsewhere(
  { job, secrets, path, isMeant, warning }: JobElsewhere,
  run: RunProgram,
  context: Context,
): Promise<UserError> {
  if (warning !== undefined) context.stderr.write(`${visible(warning)}\n`)
  const steps = Object.keys(secrets).length === 0 ? [] : planSecrets(path, secrets)
  const title = 'for a scheduler of another kind, what only you can read:'
  const isReady = steps.length === 0 || (await carryOutIfMeant({ title, plan: { steps, hints: [] }, isMeant }, run, context))
  const place = 'where it has something else, such as the Task Scheduler of a NAS, '
  return new UserError('this machine has neither systemd (for users), nor launchd, nor crontab', {
    exitCode: exitCodes.usage,
    hint: isReady
      ? `${place}enter this line there:`
      : `the line below reads a file that is not written yet: type the same again with --yes; then, ${place}enter it there:`,
    line: lineOf(job),
  })
}

/** In the words of a shell. */
function lineOf(job: Job): string {
  const variables = Object.entries(job.environment).map(([name, value]) => `${name}=${value}`)
  return formatWords(['env', ...variables, ...commandOf(job)])
}
