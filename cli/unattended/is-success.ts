import { type ExitCode, exitCodes } from '../exit-codes.ts'

/** Whether nobody needs to be called. A limit that the user set is no failure: the next run goes on where this one stopped. */
export function isSuccess(exitCode: ExitCode): boolean {
  return exitCode === exitCodes.done || exitCode === exitCodes.limitReached
}
