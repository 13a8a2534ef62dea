import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findNextRun, formatMoment, parseTiming } from '../../../cli/schedule/timing.ts'
import { type Ended, type SchedulingMachine, schedulingMachine } from './scheduling-machine.ts'

async function otherFolder(machine: SchedulingMachine): Promise<string> {
  const folder = join(machine.home, "another one's")
  await mkdir(folder)
  return folder
}

const placeOf = (machine: SchedulingMachine, scheduler: string) =>
  ({
    systemctl: join(machine.home, '.config', 'systemd', 'user', 'photos-sync.service'),
    launchctl: join(machine.home, 'Library', 'LaunchAgents', 'photos-sync.plist'),
    crontab: join(machine.home, 'crontab'),
  })[scheduler] ?? ''

describe.each(['systemctl', 'launchctl', 'crontab'] as const)('%s: a job of the same name', (scheduler) => {
  test('with other folders is replaced only where that is said', async () => {
    const machine = await schedulingMachine([scheduler])
    const other = await otherFolder(machine)
    await machine.schedule(['install', '--yes', machine.photos, '--transfers', '3'])
    const before = await readFile(placeOf(machine, scheduler), 'utf8')
    const refused = await machine.schedule(['install', '--yes', other])
    expect(refused).toMatchObject({
      exitCode: 2,
      stdout: expect.stringContaining('in the place of what stands there now:'),
      stderr: expect.stringContaining('add --replace'),
    })
    expect(await readFile(placeOf(machine, scheduler), 'utf8')).toBe(before)
    expect(await machine.schedule(['install', '--yes', '--replace', other])).toMatchObject({ exitCode: 0 })
    expect(await readFile(placeOf(machine, scheduler), 'utf8')).not.toContain('--transfers')
  })

  test('with other options is shown, and with the same ones nothing is said', async () => {
    const machine = await schedulingMachine([scheduler])
    await machine.schedule(['install', '--yes', machine.photos, '--transfers', '3'])
    const same = await machine.schedule(['install', '--yes', machine.photos, '--transfers', '3'])
    expect(same).toMatchObject({ exitCode: 0, stdout: expect.not.stringContaining('in the place of') })
    const changed = await machine.schedule(['install', '--yes', machine.photos])
    expect(changed).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/in the place of what stands there now:\n(.*\n)*.*--transfers/),
    })
  })

  test('is named in what is said of all', async () => {
    const machine = await schedulingMachine([scheduler])
    const installed = await machine.schedule(['install', '--yes', '--name', 'parents', machine.photos])
    expect(installed.stdout).toMatch(/photos schedule status --name parents\n$/)
    expect((await machine.schedule(['status'])).stdout).toMatch(/^(systemd|launchd|cron) --name parents: /)
    expect((await machine.schedule(['remove', '--yes'])).stdout).toBe(
      'nothing is scheduled under the name default; there are: --name parents\n',
    )
    expect((await machine.schedule(['remove', '--yes', '--name', 'parents'])).stdout).toMatch(/removed\n$/)
    expect((await machine.schedule(['status'])).stdout).toMatch(/^nothing is scheduled; to begin/)
  })
})

describe('marks in a crontab that are not as they were made', () => {
  const [begin, end] = ['# photos-sync: begin (made by photos schedule install)', '# photos-sync: end']

  test.each([
    ['no end', [begin, '1 1 * * * mine', '2 2 * * * other']],
    ['no begin', ['1 1 * * * mine', end]],
    ['two lines between', [begin, '1 1 * * * mine', '2 2 * * * other', end]],
    ['none between', [begin, end]],
    ['two of them', [begin, '1 1 * * * mine', end, begin, '1 1 * * * mine', end]],
    ['an end of another job between', [begin, '# photos-sync-x: end', end]],
  ])('%s: are left alone', async (_what, lines) => {
    const machine = await schedulingMachine(['crontab'])
    const table = ['0 0 * * * first', ...lines, '9 9 * * * last', ''].join('\n')
    await machine.writeCrontab(table)
    for (const words of [['install', '--yes', machine.photos], ['remove', '--yes'], ['status']]) {
      expect(await machine.schedule(words)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('crontab -e') })
    }
    expect(await machine.crontab()).toBe(table)
  })
})

describe('what is a secret', () => {
  const words = ['--ping-url', 'https://hc-ping.com/the-secret', '--on-failure', `echo "it's" the-secret`]

  test.each(['systemctl', 'launchctl', 'crontab'] as const)('%s: lies in a private file only', async (scheduler) => {
    const machine = await schedulingMachine([scheduler])
    const file = join(machine.home, '.config', 'photos', 'jobs', 'photos-sync.env')
    const { stdout, stderr } = await machine.schedule(['install', '--yes', machine.photos, ...words])
    const installed = await readFile(placeOf(machine, scheduler), 'utf8')
    expect(`${stdout}${stderr}${installed}${(await machine.schedule(['status'])).stdout}`).not.toContain('the-secret')
    expect(installed).toContain(`--env-file=${file}`)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const script = 'JSON.stringify([process.env.PHOTOS_PING_URL, process.env.PHOTOS_ON_FAILURE])'
    const read: unknown = JSON.parse(
      String(spawnSync(process.execPath, [`--env-file=${file}`, '-p', script], { env: {} }).stdout),
    )
    expect(read).toEqual([words[1], words[3]])
    await machine.schedule(['remove', '--yes'])
    expect(existsSync(file)).toBe(false)
  })

  test.each([
    ['--on-failure', ['--on-failure', 'QUOTES'], {}],
    ['PHOTOS_ON_SUCCESS', [], { PHOTOS_ON_SUCCESS: 'QUOTES' }],
    ['--on-failure', ['--on-failure', 'QUOTES'], { PHOTOS_ON_FAILURE: 'another one' }],
  ])('with quotes of all kinds in it: %s is named, as who typed it knows it', async (name, flags, variables) => {
    const machine = await schedulingMachine(['crontab'])
    const quoting = (text: string): string => text.replace('QUOTES', 'echo "$(date)" `hostname` it\'s')
    const environment = Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, quoting(value)]))
    const ended = await machine.schedule(['install', '--yes', machine.photos, ...flags.map(quoting)], { environment })
    expect(ended).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`what ${name} says has quotes of all kinds in it`),
    })
  })

  describe('and there is no scheduler', () => {
    const install = ['install', '--log-file', '/tmp/photos.log', ...words]
    const lineOf = ({ stderr }: Ended): string => stderr.split('\n').find((line) => line.startsWith('env ')) ?? ''

    test('the line to enter elsewhere stands alone, whole, and works as it is', async () => {
      const machine = await schedulingMachine([])
      const ended = await machine.schedule([...install, machine.photos], { typed: 'y\n' })
      expect(ended).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('PHOTOS_PING_URL=… (not shown)') })
      expect(`${ended.stdout}${ended.stderr}`).not.toContain('the-secret')
      const script = `'JSON.stringify([process.env.PHOTOS_PING_URL, process.env.PHOTOS_ON_FAILURE, ...process.argv])'`
      const command = lineOf(ended).replace(/ (--env-file=\S+) \S+ sync /, ` $1 -p ${script} -- `)
      const { stdout } = spawnSync('/bin/sh', ['-c', command], { env: {} })
      const read: unknown = JSON.parse(String(stdout))
      expect(read).toEqual([words[1], words[3], process.execPath, '--log-file', '/tmp/photos.log', '--', machine.photos])
    })

    test('and nobody said yes, it is told that the line needs its file first', async () => {
      const machine = await schedulingMachine([])
      const ended = await machine.schedule([...install, machine.photos], { typed: 'n\n' })
      const file = join(machine.home, '.config', 'photos', 'jobs', 'photos-sync.env')
      expect(existsSync(file)).toBe(false)
      expect(ended.stderr.replaceAll(/\s+/g, ' ')).toContain('the line below reads a file that is not written yet')
      expect(lineOf(ended)).toContain(`--env-file=${file} `)
    })

    test('remove takes the file away', async () => {
      const machine = await schedulingMachine([])
      await machine.schedule([...install, '--yes', machine.photos])
      const file = join(machine.home, '.config', 'photos', 'jobs', 'photos-sync.env')
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      expect((await machine.schedule(['remove', '--yes'])).exitCode).toBe(0)
      expect(existsSync(file)).toBe(false)
    })
  })
})

test('a machine where nobody is signed in is warned of its new library', async () => {
  const machine = await schedulingMachine(['crontab'])
  const { stderr } = await machine.schedule(['install', '--yes', machine.photos])
  expect(stderr).toContain(`the first run makes one in ${machine.home}/.local/share/photos/library`)
})

test('a profile that nobody is signed in with is warned of, which may be a slip', async () => {
  const machine = await schedulingMachine(['crontab'])
  const { exitCode, stderr } = await machine.schedule(['install', '--yes', machine.photos, '--profile', 'parnts'])
  expect({ exitCode, stderr }).toEqual({
    exitCode: 0,
    stderr: expect.stringContaining('nobody is signed in with the profile parnts'),
  })
})

test('cron tells the last line of the log', async () => {
  const machine = await schedulingMachine(['crontab'])
  const log = join(machine.home, "100% my own's.log")
  await machine.schedule(['install', '--yes', '--every', '6h', machine.photos, '--log-file', log])
  expect((await machine.schedule(['status'])).stdout).toContain(`next run: 2026-11-23 18:00\nno run is in the log yet: ${log}\n`)
  await writeFile(log, '2026-11-23T00:00:09+00:00 begins\n2026-11-23T00:01:00+00:00 ended with exit code 3\n')
  expect((await machine.schedule(['status'])).stdout).toContain(`every 6 hours
next run: 2026-11-23 18:00
the last line of ${log}: 2026-11-23T00:01:00+00:00 ended with exit code 3
`)
})

test('cron tells the last line of a log that a variable names', async () => {
  const machine = await schedulingMachine(['crontab'])
  const log = join(machine.home, "100% my own's.log")
  await machine.schedule(['install', '--yes', machine.photos], { environment: { PHOTOS_LOG_FILE: log } })
  await writeFile(log, 'ended with exit code 3\n')
  expect((await machine.schedule(['status'])).stdout).toContain(`the last line of ${log}: ended with exit code 3\n`)
})

test('without crontab, cron that is asked for is not there', async () => {
  const machine = await schedulingMachine([])
  expect(await machine.schedule(['install', '--with', 'cron', machine.photos])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('this machine has no crontab'),
  })
})

test('a timer of systemd that was not switched on is told', async () => {
  const machine = await schedulingMachine(['systemctl'])
  await machine.schedule(['install', '--yes', machine.photos])
  await machine.answer(
    'systemctl --user show photos-sync.timer --property=ActiveState --property=NextElapseUSecRealtime --property=LastTriggerUSec',
    'ActiveState=inactive\nNextElapseUSecRealtime=\nLastTriggerUSec=\n',
  )
  expect((await machine.schedule(['status'])).stdout).toContain(
    'it does not run by the clock; to switch it on: systemctl --user enable --now photos-sync.timer\n',
  )
})

test.each([
  [{ every: '5m' }, '2026-11-23 12:05'],
  [{ every: '30m' }, '2026-11-23 12:30'],
  [{ every: '12h' }, '2026-11-24 00:00'],
  [{ at: '12:03' }, '2026-11-23 12:03'],
  [{ at: '12:02' }, '2026-11-24 12:02'],
  [{ every: '7d', at: '03:00' }, '2026-11-29 03:00'],
])('%j runs next at %s', (typed, next) => {
  expect(formatMoment(findNextRun(parseTiming(typed), new Date(2026, 10, 23, 12, 2, 30)))).toBe(next)
})
