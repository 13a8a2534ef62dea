import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { run } from '../../../cli/program.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { RecordedStream } from '../terminal/recorded-stream.ts'

/** A machine with the schedulers that a test gives it: programs that write down how they were called, and answer from files. */
export interface SchedulingMachine {
  readonly home: string
  /** Where its schedulers lie, for PATH. */
  readonly programs: string
  /** A folder to back up, with a name that every scheduler has trouble with. */
  readonly photos: string
  /** `photos schedule WORDS…`. */
  schedule(words: readonly string[], options?: ScheduleOptions): Promise<Ended>
  /** Each call of a scheduler, in its order. */
  calls(): Promise<readonly string[]>
  /** What a program answers to a call. */
  answer(call: string, text: string): Promise<void>
  crontab(): Promise<string>
  writeCrontab(text: string): Promise<void>
}

export interface ScheduleOptions {
  readonly environment?: Readonly<Record<string, string>>
  /** What a person types on a terminal. */
  readonly typed?: string
}

export interface Ended {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Writes down how it was called; answers from a file that is named for the call, where there is one. */
const recording = (answers: string, calls: string) => `#!/bin/sh
echo "\${0##*/} $*" >> '${calls}'
answer='${answers}'/$(echo "\${0##*/} $*" | /usr/bin/tr ' /' '__')
[ ! -e "$answer" ] || /bin/cat "$answer"
`

/** As Debian's: with what it says where there is no table. */
const crontabProgram = (table: string, calls: string) => `#!/bin/sh
echo "crontab $*" >> '${calls}'
if [ "$1" = - ]; then exec /bin/cat > '${table}'; fi
if [ -e '${table}.unreadable' ]; then echo 'crontab: permission denied' >&2; exit 1; fi
if [ ! -e '${table}' ]; then echo 'no crontab for me' >&2; exit 1; fi
exec /bin/cat '${table}'
`

export async function schedulingMachine(
  schedulers: readonly ('systemctl' | 'launchctl' | 'crontab')[],
): Promise<SchedulingMachine> {
  const home = await temporaryFolder()
  const [photos, programs, answers] = [join(home, `My "100%" $HOME photo's`), join(home, 'programs'), join(home, 'answers')]
  const [calls, table] = [join(home, 'calls'), join(home, 'crontab')]
  await Promise.all([photos, programs, answers].map((folder) => mkdir(folder)))
  for (const program of schedulers) {
    const text = program === 'crontab' ? crontabProgram(table, calls) : recording(answers, calls)
    await writeFile(join(programs, program), text, { mode: 0o755 })
  }
  return {
    home,
    programs,
    photos,
    async schedule(words, { environment = {}, typed } = {}) {
      const isTTY = typed !== undefined
      const [stdout, stderr] = [new RecordedStream({ isTTY }), new RecordedStream({ isTTY })]
      const stdin = typed === undefined ? Readable.from([]) : Object.assign(new PassThrough(), { isTTY: true })
      if (stdin instanceof PassThrough) stdin.end(typed)
      const context = {
        stdin,
        stdout,
        stderr,
        environment: { HOME: home, PATH: programs, ...environment },
        now: () => new Date(2026, 10, 23, 12, 0),
      }
      const exitCode = await run(['schedule', ...words], { ...context, signal: new AbortController().signal })
      return { exitCode, stdout: stdout.text, stderr: stderr.text }
    },
    calls: async () => (existsSync(calls) ? (await readFile(calls, 'utf8')).trimEnd().split('\n') : []),
    answer: (call, text) => writeFile(join(answers, call.replaceAll(/[ /]/g, '_')), text),
    crontab: () => readFile(table, 'utf8'),
    writeCrontab: (text) => writeFile(table, text),
  }
}
