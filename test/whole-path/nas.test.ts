import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { approveSignIn } from '../../scripts/approve-sign-in.js'
import { listen } from '../cli/remote/scripted-server.ts'
import { schedulingMachine } from '../cli/schedule/scheduling-machine.ts'
import { readShown } from '../cli/session/signed-in-world.ts'
import { type Finished, follow, photosProgram, type RunningPhotos } from './photos-process.ts'
import { serveAccounts } from './sign-in/served-accounts.ts'

const limitKibibytes = 256 * 1024
const smallFiles = 100
const largeFileBytes = 100_000_000
/** What a run takes by itself is some 120 MB: together with the large file, it would not be less than this. */
const mostKibibytes = 160_000

/** What the README's section on a NAS tells to type, line by line. */
async function typedOnNas(): Promise<readonly string[]> {
  const readme = await readFile(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8')
  const section = /\n## On a NAS, every night\n(.*?)\n## /s.exec(readme)?.[1] ?? ''
  return section.split('\n').flatMap((line) => (line.startsWith('    ') ? [line.trim()] : []))
}

async function makePhotos(folder: string): Promise<void> {
  await mkdir(join(folder, '2026'), { recursive: true })
  const clips = Array.from({ length: smallFiles }, (_, index) => index)
  await Promise.all(clips.map((index) => writeFile(join(folder, '2026', `clip ${index}.mp4`), `clip ${index}`)))
  await writeFile(join(folder, 'wedding.mp4'), Buffer.alloc(largeFileBytes, 'wedding'))
}

/** Of a process measured by GNU time, in kilobytes of 1024. */
function peakOf(text: string): number {
  return Number(/^peak (\d+)$/m.exec(text)?.[1])
}

// Writable memory of its own is what a process can be given too little of without the rights of a system's manager.
test.skipIf(process.platform !== 'linux' || !existsSync('/usr/bin/time'))(
  'the section of the README, word for word, with 256 MB for each command',
  { timeout: 180_000 },
  async () => {
    const served = await serveAccounts()
    onTestFinished(() => served.close())
    const pings: (string | undefined)[] = []
    const monitor = await listen((request, response) => {
      pings.push(request.url)
      response.end()
    })
    const machine = await schedulingMachine(['crontab'])
    const photos = join(machine.home, 'volume1', 'photo')
    await makePhotos(photos)
    await writeFile(join(machine.programs, 'photos'), `#!/bin/sh\nexec '${process.execPath}' '${photosProgram}' "$@"\n`, {
      mode: 0o755,
    })

    const values: Readonly<Record<string, string>> = {
      'https://photos.example.org': served.url,
      '/volume1/photo': photos,
      'https://hc-ping.com/UUID': `${monitor}/UUID`,
    }
    const start = (command: string, path: string): RunningPhotos => {
      const environment = { HOME: machine.home, PATH: path, PHOTOS_SCHEDULE_WITH: 'cron', TZ: 'UTC' }
      const limited = `ulimit -d ${limitKibibytes} && exec /usr/bin/time -f 'peak %M' /bin/sh -c "$0"`
      return follow(spawn('/bin/sh', ['-c', limited, command], { cwd: machine.home, env: environment }))
    }
    const lines = await typedOnNas()
    const [login = '', ...rest] = lines.map((line) =>
      Object.entries(values).reduce((text, [inReadme, here]) => text.replaceAll(inReadme, here), line),
    )
    const path = `${machine.programs}:/usr/bin:/bin`

    const signingIn = start(login, path)
    await signingIn.saying(/^ {2}[A-Z]{4}-[A-Z]{4}$/m, 'stderr')
    await approveSignIn({ ...readShown(signingIn.said.stderr), ...served.alice })
    expect(await signingIn.finished).toMatchObject({ exitCode: 0 })

    const ended: Finished[] = []
    for (const line of rest) ended.push(await start(line, path).finished)
    const [dryRun, installation, status] = ended
    expect(ended.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
      rest.map(() => ({ exitCode: 0, stderr: expect.stringMatching(/peak \d+\n$/) })),
    )
    expect(dryRun?.stdout).toMatch(new RegExp(`^dry run: would upload ${smallFiles + 1} \\(100\\.0 MB\\)`))
    expect(installation?.stdout).toMatch(/installed; to see how it goes: photos schedule status\n$/)
    const line = (await machine.crontab()).split('\n')[1] ?? ''
    expect(status?.stdout).toContain(line)

    // At three in the morning cron has little more than this.
    const command = line.split(' ').slice(5).join(' ')
    const [first, second] = [await start(command, '/usr/bin:/bin').finished, await start(command, '/usr/bin:/bin').finished]
    for (const night of [first, second]) {
      expect(night).toMatchObject({ exitCode: 0, stdout: '', stderr: expect.stringMatching(/^peak \d+\n$/) })
      expect(peakOf(night.stderr)).toBeLessThan(mostKibibytes)
    }
    process.stderr.write(
      `on a NAS with 256 MB, peak in kB: first night ${peakOf(first.stderr)}, second ${peakOf(second.stderr)}\n`,
    )
    const log = await readFile(join(machine.home, 'photos.log'), 'utf8')
    expect(log).toContain(` uploaded ${smallFiles + 1} (100.0 MB), already stored 0, skipped 0, failed 0 in `)
    expect(log).toContain(` uploaded 0 (0 B), already stored ${smallFiles + 1}, skipped 0, failed 0 in `)
    expect(pings).toEqual(['/UUID/start', '/UUID', '/UUID/start', '/UUID'])
  },
)
