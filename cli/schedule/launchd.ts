import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { findJobNames, findReplaced } from './installed-files.ts'
import type { RunProgram } from './run-program.ts'
import { commandOf, type Job, type JobStatus, jobId, lastWords, type Plan, type Scheduler } from './scheduler.ts'
import type { Timing } from './timing.ts'

/** A launch agent of the user's. @param home the user's folder */
export function createLaunchd(home: string, run: RunProgram): Scheduler {
  const domain = `gui/${process.getuid?.() ?? 0}`
  const folder = join(home, 'Library', 'LaunchAgents')
  const pathOf = (jobName: string) => join(folder, `${jobId(jobName)}.plist`)
  const stopping = (jobName: string) =>
    ({ kind: 'run', command: ['launchctl', 'bootout', `${domain}/${jobId(jobName)}`], mayFail: true }) as const
  return {
    name: 'launchd',
    isThere: async () => (await run(['launchctl', 'print', domain])).exitCode === 0,
    listJobs: () => findJobNames(folder, '.plist'),
    async planInstallation(job): Promise<Plan> {
      const path = pathOf(job.name)
      const text = formatAgent(job, join(home, 'Library', 'Logs', `${jobId(job.name)}.log`))
      return {
        steps: [
          ...(existsSync(path) ? [stopping(job.name)] : []),
          { kind: 'write', path, text },
          { kind: 'run', command: ['launchctl', 'bootstrap', domain, path] },
        ],
        hints: ['macOS may ask once whether node may read the folder; or allow it in System Settings, Privacy & Security'],
        replaced: await findReplaced([{ path, text }], `\n${formatWords(lastWords(job))}\n</array>`),
      }
    },
    planRemoval: async (jobName) => {
      const path = pathOf(jobName)
      return existsSync(path) ? { steps: [stopping(jobName), { kind: 'delete', path }], hints: [] } : undefined
    },
    async findStatus(jobName): Promise<JobStatus | undefined> {
      const path = pathOf(jobName)
      if (!existsSync(path)) return undefined
      const { stdout } = await run(['launchctl', 'print', `${domain}/${jobId(jobName)}`])
      const exitCode = /^\s*last exit code = (\d+)/m.exec(stdout)?.[1]
      return {
        place: path,
        lastExitCode: exitCode === undefined ? undefined : Number(exitCode),
        isRunning: /^\s*state = running$/m.test(stdout),
        remark: 'launchd does not tell when; --log-file does',
      }
    },
  }
}

/** Source: launchd.plist(5). A run that was due while the machine slept is made up for when it wakes. */
function formatAgent(job: Job, logPath: string): string {
  const variables = Object.entries(job.environment).map(([name, value]) => `${key(name)}${string(value)}`)
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Made by "photos schedule install"; "photos schedule remove" takes it away. -->
<plist version="1.0">
<dict>
${key('Label')}${string(jobId(job.name))}
${key('ProgramArguments')}<array>
${formatWords(commandOf(job))}
</array>
${key('EnvironmentVariables')}<dict>
${variables.join('\n')}
</dict>
${formatTimes(job.timing)}
${key('ProcessType')}${string('Background')}
${key('LowPriorityIO')}<true/>
${key('Nice')}<integer>10</integer>
${key('StandardOutPath')}${string(logPath)}
${key('StandardErrorPath')}${string(logPath)}
</dict>
</plist>
`
}

function formatWords(words: readonly string[]): string {
  return words.map(string).join('\n')
}

function formatTimes(timing: Timing): string {
  switch (timing.kind) {
    case 'minutes':
      return `${key('StartInterval')}<integer>${timing.every * 60}</integer>`
    case 'hours':
      return `${key('StartInterval')}<integer>${timing.every * 3600}</integer>`
    case 'daily':
    case 'weekly': {
      const day = timing.kind === 'weekly' ? `${key('Weekday')}<integer>0</integer>` : ''
      const time = `${key('Hour')}<integer>${timing.hour}</integer>${key('Minute')}<integer>${timing.minute}</integer>`
      return `${key('StartCalendarInterval')}<dict>${day}${time}</dict>`
    }
  }
}

function key(name: string): string {
  return `<key>${escaped(name)}</key>`
}

function string(text: string): string {
  return `<string>${escaped(text)}</string>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
