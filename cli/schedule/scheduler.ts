import type { Timing } from './timing.ts'

/** What is to run, when, and with what around it. */
export interface Job {
  /** Tells the jobs of one user apart. */
  readonly name: string
  readonly timing: Timing
  /** Node, the program, and what it is given; no path in it depends on where it is started. */
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/** One thing that a plan does. All of it is shown before any of it is done. */
export type Step =
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  | { readonly kind: 'delete'; readonly path: string }
  | {
      readonly kind: 'run'
      readonly command: readonly string[]
      /** Its standard input, and what of it is new or goes, for people. */
      readonly input?: { readonly text: string; readonly shown: string }
      /** That it fails, as where there is nothing to stop, changes nothing. */
      readonly mayFail?: true
    }

export interface Plan {
  readonly steps: readonly Step[]
  /** What a person should know of it, in lower case, a line each. */
  readonly hints: readonly string[]
}

/** What the system tells of a job; undefined where it does not. Times as the system writes them. */
export interface JobStatus {
  /** Where it stands: a file, or the line itself. */
  readonly place: string
  readonly nextRun?: string | undefined
  readonly lastRun?: string | undefined
  readonly lastExitCode?: number | undefined
  readonly isRunning?: boolean
  /** Why something is not told, in lower case. */
  readonly remark?: string
}

export type SchedulerName = 'systemd' | 'launchd' | 'cron'

/** Something on this machine that starts programs by the clock, for this user. Nothing but a plan that is carried out changes it. */
export interface Scheduler {
  readonly name: SchedulerName
  isThere(): Promise<boolean>
  /** Replaces a job of the same name. */
  planInstallation(job: Job): Promise<Plan>
  /** Undefined where there is no such job. */
  planRemoval(jobName: string): Promise<Plan | undefined>
  findStatus(jobName: string): Promise<JobStatus | undefined>
}

/** What a job is called by the system: `photos-sync`, or `photos-sync-NAME`. */
export function jobId(jobName: string): string {
  return jobName === defaultJobName ? 'photos-sync' : `photos-sync-${jobName}`
}

export const defaultJobName = 'default'
