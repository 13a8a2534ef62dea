import { homedir } from 'node:os'
import { type Context, unitsFolder } from '../context.ts'
import { createCron } from './cron.ts'
import { createLaunchd } from './launchd.ts'
import type { RunProgram } from './run-program.ts'
import type { Scheduler, SchedulerName } from './scheduler.ts'
import { createSystemd } from './systemd.ts'

export const schedulerNames: readonly SchedulerName[] = ['systemd', 'launchd', 'cron']

/** Those that this machine has, the best first; or the one that was asked for, whether it seems to be there or not. */
export async function findSchedulers(
  asked: SchedulerName | undefined,
  context: Context,
  run: RunProgram,
): Promise<readonly Scheduler[]> {
  const home = context.environment['HOME'] || homedir()
  const all = [createSystemd(unitsFolder(context), run), createLaunchd(home, run), createCron(run, context.now)]
  if (asked !== undefined) return all.filter(({ name }) => name === asked)
  const there = await Promise.all(all.map((scheduler) => scheduler.isThere()))
  return all.filter((_scheduler, index) => there[index])
}
