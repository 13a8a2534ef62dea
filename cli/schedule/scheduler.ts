import type { Timing } from './timing.ts'

/** What is to run, when, and with what around it. */
export interface Job {
  /** Tells the jobs of one user apart. */
  readonly name: string
  readonly timing: Timing
  /** Node and the program that it starts. No path here or below depends on where it is started. */
  readonly program: readonly string[]
  /** Of `photos sync`; none of them is a secret. */
  readonly options: readonly string[]
  readonly folders: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/** One thing that a plan does. All of it is shown before any of it is done. */
export type Step =
  | {
      readonly kind: 'write'
      readonly path: string
      readonly text: string
      /** In the place of a text with secrets in it, for people. */
      readonly shown?: string
    }
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
  /** What stands there now under the same name and goes, where it is something else. */
  readonly replaced?: Replaced | undefined
}

export interface Replaced {
  /** As it stands there. */
  readonly text: string
  readonly hasSameFolders: boolean
}

/** What the system tells of a job; undefined where it does not. Times as the system writes them. */
export interface JobStatus {
  /** Where it stands: a file, or the line itself. */
  readonly place: string
  /** In words, where the system does not tell the next run by itself. */
  readonly timing?: string | undefined
  readonly nextRun?: string | undefined
  readonly lastRun?: string | undefined
  readonly lastExitCode?: number | undefined
  readonly isRunning?: boolean
  /** Why something is not told, in lower case. */
  readonly remark?: string | undefined
}

export type SchedulerName = 'systemd' | 'launchd' | 'cron'

/** Something on this machine that starts programs by the clock, for this user. Nothing but a plan that is carried out changes it. */
export interface Scheduler {
  readonly name: SchedulerName
  isThere(): Promise<boolean>
  /** The names of the jobs that were installed. */
  listJobs(): Promise<readonly string[]>
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

/** The other way round; undefined for what is no such id. */
export function findJobName(id: string): string | undefined {
  if (id === jobId(defaultJobName)) return defaultJobName
  return /^photos-sync-([a-z0-9][a-z0-9_-]{0,63})$/.exec(id)?.[1]
}

/** All that is to be typed. @param more options of `photos sync` beside the job's own */
export function commandOf(job: Pick<Job, 'program' | 'options' | 'folders'>, more: readonly string[] = []): readonly string[] {
  return [...job.program, 'sync', ...more, ...job.options, ...lastWords(job)]
}

/** What each command ends with; by it is known whether two of them back up the same. */
export function lastWords({ folders }: Pick<Job, 'folders'>): readonly string[] {
  return ['--', ...folders]
}
