import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { exitCodes } from '../exit-codes.ts'
import { findJobNames, findReplaced } from './installed-files.ts'
import type { RunProgram } from './run-program.ts'
import { commandOf, type Job, type JobStatus, jobId, lastWords, type Plan, type Scheduler, type Step } from './scheduler.ts'
import { formatTime, formatTiming, type Timing } from './timing.ts'

/** A timer of the user's own systemd. @param folder of the user's units */
export function createSystemd(folder: string, run: RunProgram): Scheduler {
  const pathOf = (jobName: string, type: 'service' | 'timer') => join(folder, `${jobId(jobName)}.${type}`)
  return {
    name: 'systemd',
    isThere: async () => (await run(systemctl('show-environment'))).exitCode === 0,
    listJobs: () => findJobNames(folder, '.timer'),
    async planInstallation(job) {
      const service = { kind: 'write', path: pathOf(job.name, 'service'), text: formatService(job) } as const
      const timer = { kind: 'write', path: pathOf(job.name, 'timer'), text: formatTimer(job.timing) } as const
      return {
        steps: [
          service,
          timer,
          { kind: 'run', command: systemctl('daemon-reload') },
          { kind: 'run', command: systemctl('enable', '--now', `${jobId(job.name)}.timer`) },
          // One that is there already goes by its new times only then.
          { kind: 'run', command: systemctl('restart', `${jobId(job.name)}.timer`) },
        ],
        hints: await findHints(run),
        replaced: await findReplaced([service, timer], ` ${formatCommand(lastWords(job))}\n`),
      }
    },
    async planRemoval(jobName): Promise<Plan | undefined> {
      const paths = [pathOf(jobName, 'timer'), pathOf(jobName, 'service')].filter((path) => existsSync(path))
      if (paths.length === 0) return undefined
      const deletions = paths.map((path): Step => ({ kind: 'delete', path }))
      const disabling: Step = { kind: 'run', command: systemctl('disable', '--now', `${jobId(jobName)}.timer`), mayFail: true }
      return { steps: [disabling, ...deletions, { kind: 'run', command: systemctl('daemon-reload') }], hints: [] }
    },
    async findStatus(jobName): Promise<JobStatus | undefined> {
      const path = pathOf(jobName, 'timer')
      if (!existsSync(path)) return undefined
      const timer = await show(run, `${jobId(jobName)}.timer`, ['ActiveState', 'NextElapseUSecRealtime', 'LastTriggerUSec'])
      const service = await show(run, `${jobId(jobName)}.service`, ['ActiveState', 'ExecMainStatus', 'ExecMainExitTimestamp'])
      const hasEnded = service.get('ExecMainExitTimestamp') !== undefined
      return {
        place: path,
        nextRun: timer.get('NextElapseUSecRealtime'),
        lastRun: timer.get('LastTriggerUSec'),
        lastExitCode: hasEnded ? Number(service.get('ExecMainStatus')) : undefined,
        isRunning: service.get('ActiveState') === 'activating',
        remark: /^(inactive|failed)$/.test(timer.get('ActiveState') ?? '')
          ? `it does not run by the clock; to switch it on: ${systemctl('enable', '--now', `${jobId(jobName)}.timer`).join(' ')}`
          : undefined,
      }
    },
  }
}

function systemctl(...words: readonly string[]): readonly string[] {
  return ['systemctl', '--user', ...words]
}

/** Properties that have a value. */
async function show(run: RunProgram, unit: string, properties: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await run(systemctl('show', unit, ...properties.map((property) => `--property=${property}`)))
  const pairs = stdout.split('\n').map((line): [string, string] => {
    const end = line.indexOf('=')
    return [line.slice(0, end), line.slice(end + 1)]
  })
  return new Map(pairs.filter(([, value]) => value !== '' && value !== 'n/a'))
}

async function findHints(run: RunProgram): Promise<readonly string[]> {
  const { stdout } = await run(['loginctl', 'show-user', String(process.getuid?.() ?? ''), '--property=Linger'])
  if (stdout.trim() === 'Linger=yes') return []
  return ['it runs only while you are signed in to this machine; to have it run always, type once: loginctl enable-linger']
}

/** Source: systemd.service(5), systemd.exec(5). */
function formatService(job: Job): string {
  const variables = Object.entries(job.environment).map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}\n`)
  return `# Made by \`photos schedule install\`; \`photos schedule remove\` takes it away.
[Unit]
Description=photos sync

[Service]
Type=oneshot
${variables.join('')}ExecStart=${formatCommand(commandOf(job))}
SuccessExitStatus=${exitCodes.limitReached}
Nice=10
IOSchedulingClass=idle
`
}

function formatCommand(words: readonly string[]): string {
  return words.map((word) => quoted(word).replaceAll('$', '$$$$')).join(' ')
}

/** Source: systemd.timer(5). A run that was due while the machine was off is made up for. */
function formatTimer(timing: Timing): string {
  return `# Made by \`photos schedule install\`; \`photos schedule remove\` takes it away.
[Unit]
Description=photos sync, ${formatTiming(timing)}

[Timer]
OnCalendar=${formatCalendar(timing)}
Persistent=true
RandomizedDelaySec=${timing.kind === 'minutes' ? '10s' : '5min'}

[Install]
WantedBy=timers.target
`
}

/** Source: systemd.time(7). */
function formatCalendar(timing: Timing): string {
  switch (timing.kind) {
    case 'minutes':
      return `*-*-* *:00/${timing.every}:00`
    case 'hours':
      return `*-*-* 00/${timing.every}:00:00`
    case 'daily':
      return `*-*-* ${formatTime(timing)}:00`
    case 'weekly':
      return `Sun *-*-* ${formatTime(timing)}:00`
  }
}

/** A word of a unit file, with what systemd would take for a specifier or an end escaped. */
function quoted(word: string): string {
  const escaped = word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('%', '%%')
  return `"${escaped}"`
}
