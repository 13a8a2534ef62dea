import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseTiming } from '../../../cli/schedule/timing.ts'
import { type SchedulingMachine, schedulingMachine } from './scheduling-machine.ts'

const units = (machine: SchedulingMachine) => join(machine.home, '.config', 'systemd', 'user')
const unit = (machine: SchedulingMachine, type: string) => readFile(join(units(machine), `photos-sync.${type}`), 'utf8')
const agent = (machine: SchedulingMachine) => join(machine.home, 'Library', 'LaunchAgents', 'photos-sync.plist')
const domain = `gui/${process.getuid?.()}`

describe('without a yes', () => {
  test.each(['systemctl', 'launchctl', 'crontab'] as const)('%s: all is shown, and nothing changed', async (scheduler) => {
    const machine = await schedulingMachine([scheduler])
    const before = await readdir(machine.home)
    const { exitCode, stdout } = await machine.schedule(['install', machine.photos])
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/nothing was changed; with --yes it is\n$/),
    })
    expect(stdout).toContain('every day at 03:00')
    expect((await readdir(machine.home)).filter((name) => name !== 'calls')).toEqual(before)
    expect(await machine.calls()).toHaveLength(scheduler === 'crontab' ? 2 : 1) // which one is there; of cron, its table
  })

  test('it is asked for on a terminal', async () => {
    const machine = await schedulingMachine(['crontab'])
    expect(await machine.schedule(['install', machine.photos], { typed: 'n\n' })).toMatchObject({ exitCode: 0 })
    await expect(machine.crontab()).rejects.toThrow('ENOENT')
    const { stdout, stderr } = await machine.schedule(['install', machine.photos], { typed: 'yes\n' })
    expect(stderr).toContain('Do it? [y/N]')
    expect(stdout).toContain('installed;')
    expect(await machine.crontab()).toContain(' sync --quiet ')
  })

  test.each([
    ['Ctrl-C', '\u0003', { exitCode: 130, stderr: expect.stringMatching(/interrupted\n$/) }],
    ['Ctrl-D', '', { exitCode: 0, stdout: expect.stringContaining('nothing was changed') }],
  ])('%s is no yes', async (_what, typed, ended) => {
    const machine = await schedulingMachine(['crontab'])
    await machine.writeCrontab('1 2 * * * other\n')
    expect(await machine.schedule(['install', machine.photos], { typed })).toMatchObject(ended)
    expect(await machine.crontab()).toBe('1 2 * * * other\n')
  })
})

describe('systemd', () => {
  test('gets a service and a timer, and is told of them', async () => {
    const machine = await schedulingMachine(['systemctl', 'crontab'])
    const { exitCode, stderr } = await machine.schedule(['install', '--yes', '--at', '4:30', machine.photos])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining('loginctl enable-linger') })
    expect(await unit(machine, 'timer')).toMatch(/^OnCalendar=\*-\*-\* 04:30:00\nPersistent=true\n/m)
    const escaped = machine.photos.replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$')
    expect(await unit(machine, 'service')).toContain(`"sync" "--" "${escaped}"\n`)
    expect(await unit(machine, 'service')).toContain(`ExecStart="${process.execPath}" "/`)
    expect((await stat(join(units(machine), 'photos-sync.service'))).mode & 0o777).toBe(0o600)
    expect((await machine.calls()).filter((call) => call.startsWith('systemctl')).slice(1)).toEqual([
      'systemctl --user daemon-reload',
      'systemctl --user enable --now photos-sync.timer',
      'systemctl --user restart photos-sync.timer',
    ])
  })

  test.skipIf(!existsSync('/usr/bin/systemd-analyze'))('takes them as they are', async () => {
    const machine = await schedulingMachine(['systemctl'])
    await mkdir(join(machine.home, 'run'), { mode: 0o700 })
    for (const words of [
      ['--every', '5m'],
      ['--every', '6h'],
      ['--at', '23:59'],
      ['--every', '7d'],
    ]) {
      await machine.schedule(['install', '--yes', ...words, machine.photos, '--exclude', '$x ; % \\ \n "'])
      const files = ['service', 'timer'].map((type) => join(units(machine), `photos-sync.${type}`))
      const environment = { HOME: machine.home, XDG_RUNTIME_DIR: join(machine.home, 'run') }
      const { stderr, status } = spawnSync('systemd-analyze', ['--user', '--man=no', 'verify', ...files], { env: environment })
      expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: '' })
    }
  })

  test('tells when it ran and will run, and how it ended', async () => {
    const machine = await schedulingMachine(['systemctl'])
    await machine.schedule(['install', '--yes', machine.photos])
    const properties = (words: string) => `systemctl --user show photos-sync.${words}`
    await machine.answer(
      properties('timer --property=ActiveState --property=NextElapseUSecRealtime --property=LastTriggerUSec'),
      'NextElapseUSecRealtime=Tue 2026-11-24 03:02:10 UTC\nLastTriggerUSec=Mon 2026-11-23 03:01:07 UTC\n',
    )
    await machine.answer(
      properties('service --property=ActiveState --property=ExecMainStatus --property=ExecMainExitTimestamp'),
      'ActiveState=failed\nExecMainStatus=3\nExecMainExitTimestamp=Mon 2026-11-23 03:02:00 UTC\n',
    )
    expect((await machine.schedule(['status'])).stdout).toBe(`systemd: ${join(units(machine), 'photos-sync.timer')}
next run: Tue 2026-11-24 03:02:10 UTC
last run: Mon 2026-11-23 03:01:07 UTC, exit code 3
`)
  })

  test('of a job that has not run yet no exit code is told', async () => {
    const machine = await schedulingMachine(['systemctl'])
    await machine.schedule(['install', '--yes', machine.photos])
    await machine.answer(
      'systemctl --user show photos-sync.service --property=ActiveState --property=ExecMainStatus --property=ExecMainExitTimestamp',
      'ActiveState=activating\nExecMainStatus=0\nExecMainExitTimestamp=\n',
    )
    expect((await machine.schedule(['status'])).stdout).toMatch(/^systemd: .+\nrunning now\n$/)
  })

  test('loses all of it again', async () => {
    const machine = await schedulingMachine(['systemctl'])
    await machine.schedule(['install', '--yes', machine.photos])
    expect(await machine.schedule(['remove'])).toMatchObject({ stdout: expect.stringContaining('nothing was changed') })
    expect(await readdir(units(machine))).toHaveLength(2)
    expect(await machine.schedule(['remove', '--yes'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/removed\n$/),
    })
    expect(await readdir(units(machine))).toEqual([])
    expect((await machine.calls()).slice(-2)).toEqual([
      'systemctl --user disable --now photos-sync.timer',
      'systemctl --user daemon-reload',
    ])
    expect((await machine.schedule(['remove', '--yes'])).stdout).toMatch(/^nothing is scheduled;/)
  })

  test('that refuses is told in its words', async () => {
    const machine = await schedulingMachine(['systemctl'])
    const program = '#!/bin/sh\n[ "$2" != enable ] || { echo "Failed to enable: no" >&2; exit 1; }\n'
    await writeFile(join(machine.home, 'programs', 'systemctl'), program)
    const { exitCode, stderr } = await machine.schedule(['install', '--yes', machine.photos])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('systemctl --user enable --now photos-sync.timer failed: Failed to enable: no')
  })
})

describe('cron', () => {
  const others = '# of somebody else\n0 1 * * * other\n'

  test('gets its lines between two marks, and keeps all others', async () => {
    const machine = await schedulingMachine(['crontab'])
    await machine.writeCrontab(`${others}5 5 * * * without-an-end`)
    await machine.schedule(['install', '--yes', machine.photos])
    await machine.writeCrontab(`${await machine.crontab()}9 9 * * * later\n`)
    await machine.schedule(['install', '--yes', '--every', '7d', machine.photos])
    expect((await machine.crontab()).split('\n')).toEqual([
      ...others.trimEnd().split('\n'),
      '5 5 * * * without-an-end',
      '# photos-sync: begin (made by photos schedule install)',
      expect.stringMatching(/^0 3 \* \* 0 nice -n 10 env HOME=.+ sync --quiet -- '.+/),
      '# photos-sync: end',
      '9 9 * * * later',
      '',
    ])
    await machine.schedule(['remove', '--yes'])
    expect(await machine.crontab()).toBe(`${others}5 5 * * * without-an-end\n9 9 * * * later\n`)
  })

  test.each(['as Debian does', 'and leaves the backslash, as BusyBox does'])('takes the line apart, %s', async (how) => {
    const machine = await schedulingMachine(['crontab'])
    await machine.schedule(['install', '--yes', machine.photos, '--exclude', '*.x%'], {
      environment: { PHOTOS_LIBRARY: '/x y/%' },
    })
    const line = (await machine.crontab()).split('\n')[1] ?? ''
    const command = line
      .split(' ')
      .slice(5)
      .join(' ')
      .replace(/.*nice -n 10/, `${process.execPath} -p 'JSON.stringify(process.argv.slice(1))' --`)
    // Debian's ends the command at a bare percent sign.
    const script = how.startsWith('as') ? command.replace(/(?<!\\)%.*/s, '').replaceAll('\\%', '%') : command
    const words: unknown = JSON.parse(String(spawnSync('/bin/sh', ['-c', script]).stdout))
    expect(words).toEqual([
      'env',
      `HOME=${machine.home}`,
      process.execPath,
      expect.any(String),
      'sync',
      '--quiet',
      '--library',
      '/x y/%',
      '--exclude',
      '*.x%',
      '--',
      machine.photos,
    ])
  })

  test.each([
    ['a line end', 'a\nb', 'a name has a line end in it'],
    ['a thousand characters', 'x'.repeat(1000), 'the command is too long'],
    ['a thousand bytes in fewer characters', 'ü'.repeat(500), 'the command is too long'],
  ])('does not take %s', async (_what, pattern, problem) => {
    const machine = await schedulingMachine(['crontab'])
    const { exitCode, stderr } = await machine.schedule(['install', '--yes', machine.photos, '--exclude', pattern])
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(problem) })
  })

  test('a table that cannot be read is never replaced', async () => {
    const machine = await schedulingMachine(['crontab'])
    await machine.writeCrontab(others)
    await writeFile(join(machine.home, 'crontab.unreadable'), '')
    const { exitCode, stderr } = await machine.schedule(['install', '--yes', machine.photos])
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('crontab: permission denied') })
    expect(await machine.crontab()).toBe(others)
  })

  test('does not tell how it went, and that is said', async () => {
    const machine = await schedulingMachine(['crontab'])
    await machine.schedule(['install', '--yes', machine.photos])
    expect((await machine.schedule(['status'])).stdout).toMatch(
      /^cron: 0 3 \* \* \* nice .+\nevery day at 03:00\nnext run: 2026-11-24 03:00\ncron does not tell when it ran/,
    )
  })
})

describe('launchd', () => {
  test('gets an agent, and is told of it', async () => {
    const machine = await schedulingMachine(['launchctl'])
    const environment = { NODE_EXTRA_CA_CERTS: '/a & b/nas.crt' }
    await machine.schedule(['install', '--yes', '--every', '7d', '--at', '04:05', machine.photos], { environment })
    const text = await readFile(agent(machine), 'utf8')
    expect(text).toContain(`<string>${machine.photos}</string>`)
    expect(text).toContain('<key>NODE_EXTRA_CA_CERTS</key><string>/a &amp; b/nas.crt</string>')
    expect(text).toContain(
      '<dict><key>Weekday</key><integer>0</integer><key>Hour</key><integer>4</integer><key>Minute</key><integer>5</integer></dict>',
    )
    expect((await machine.calls()).at(-1)).toBe(`launchctl bootstrap ${domain} ${agent(machine)}`)
  })

  test('tells how it ended, and loses it again', async () => {
    const machine = await schedulingMachine(['launchctl'])
    await machine.schedule(['install', '--yes', machine.photos])
    await machine.answer(
      `launchctl print ${domain}/photos-sync`,
      'photos-sync = {\n\tstate = not running\n\tlast exit code = 12\n}\n',
    )
    expect((await machine.schedule(['status'])).stdout).toMatch(/^launchd: .+\nlast run: exit code 12\n/)
    await machine.schedule(['remove', '--yes'])
    expect(existsSync(agent(machine))).toBe(false)
    expect((await machine.calls()).at(-1)).toBe(`launchctl bootout ${domain}/photos-sync`)
  })
})

describe('the command', () => {
  test('has whole paths, and the options as they were typed', async () => {
    const machine = await schedulingMachine(['crontab'])
    const words = [
      machine.photos,
      '--log-file',
      'p.log',
      '--transfers',
      '2',
      '-v',
      '--library=lib',
      '--exclude',
      'a/b',
      '--exclude=-n',
    ]
    await machine.schedule(['install', '--yes', ...words])
    const here = process.cwd()
    expect(await machine.crontab()).toContain(
      ` sync --library ${here}/lib --log-file ${here}/p.log --transfers 2 --verbose --exclude a/b --exclude=-n -- '`,
    )
  })

  test('has the variables that are set now and mean something to it, and no others', async () => {
    const machine = await schedulingMachine(['crontab'])
    const environment = {
      PHOTOS_PROFILE: 'nas',
      XDG_STATE_HOME: '/state',
      AWS_SECRET_ACCESS_KEY: 'secret',
      PHOTOS_PASSWORD: 'secret',
      PHOTOS_DRY_RUN: '1',
    }
    await machine.schedule(['install', '--yes', machine.photos], { environment })
    expect(await machine.crontab()).toContain(`nice -n 10 env HOME=${machine.home} XDG_STATE_HOME=/state /`)
    expect(await machine.crontab()).toContain(' sync --quiet --profile nas -- ')
    expect(await machine.crontab()).not.toContain('secret')
  })

  test.each([
    ['no folder', ['--quiet'], 2, "missing required argument 'dir'"],
    ['an option that sync has not', ['DIR', '--nonsense'], 2, "unknown option '--nonsense'"],
    ['a value that sync refuses', ['DIR', '--transfers', '0'], 2, 'give a whole number from 1 to 64'],
    ['a dry run', ['DIR', '-n'], 2, 'a scheduled dry run would back up nothing'],
    ['standard input', ['DIR', '--files-from', '-'], 2, '--files-from - needs somebody who types'],
    ['a folder that is not there', ['/not/there'], 4, 'cannot find /not/there'],
    ['an address that is none', ['DIR', '--ping-url', 'hc-ping.com/the-secret'], 2, '--ping-url is no web address'],
    ['a log file in a source', ['DIR', '--log-file', 'DIR/photos.log'], 2, 'which is only read'],
    [
      'a log file without a folder',
      ['DIR', '--log-file', '/not/there/x.log'],
      2,
      'the folder of the log file is not there: /not/there',
    ],
    ['two remotes', ['DIR', '--library', 'a', '--profile', 'b'], 2, 'are two remotes; give one of them'],
    ['quiet and verbose', ['DIR', '-qv'], 2, 'contradict each other; give one of them'],
    ['sizes that no file has', ['DIR', '--min-size', '2M', '--max-size', '1M'], 2, '--min-size is larger than --max-size'],
    ['patterns that are not there', ['DIR', '--filter-from', '/not/there'], 2, 'cannot read /not/there'],
    ['a command that is empty', ['DIR', '--on-failure', ''], 2, 'give a command; it is empty'],
    ['a time that no clock shows', ['DIR', '--at', '25:00'], 2, '--at 25:00 is not a time of day'],
    ['a name with a slash', ['DIR', '--name', '../x'], 2, 'give a name of 1 to 64'],
  ])('%s is refused', async (_what, words, exitCode, message) => {
    const machine = await schedulingMachine(['crontab'])
    const typed = words.map((word) => word.replace(/^DIR/, () => machine.photos))
    expect(await machine.schedule(['install', '--yes', ...typed])).toMatchObject({
      exitCode,
      stderr: expect.stringContaining(message),
    })
    await expect(machine.crontab()).rejects.toThrow('ENOENT')
  })
})

test.each([[[]], [['--verbose']]])('a folder whose name looks like a flag is named behind --, after %j', async (options) => {
  const machine = await schedulingMachine(['crontab'])
  const folder = relative(process.cwd(), machine.photos)
  await machine.schedule(['install', '--yes', '--with', 'cron', ...options, '--', folder])
  expect(await machine.crontab()).toContain(` -- '${machine.home}/My `)
  expect(await machine.schedule(['install', '--yes', '--with', 'cron', ...options, '--', '-my-photos'])).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining(`cannot find ${process.cwd()}/-my-photos`),
  })
})

test('jobs of several names leave each other alone', async () => {
  const machine = await schedulingMachine(['crontab'])
  await machine.schedule(['install', '--yes', machine.photos])
  await machine.schedule(['install', '--yes', '--name', 'parents', '--every', '6h', machine.photos])
  await machine.schedule(['remove', '--yes'])
  expect(await machine.crontab()).toMatch(/^# photos-sync-parents: begin .+\n0 \*\/6 \* \* \* .+\n# photos-sync-parents: end\n$/)
})

test('where there is no scheduler, what to enter elsewhere is said', async () => {
  const machine = await schedulingMachine([])
  const { exitCode, stderr } = await machine.schedule(['install', machine.photos])
  expect(exitCode).toBe(2)
  expect(stderr.split('\n').at(-2)).toMatch(new RegExp(`^env HOME=${machine.home} ${process.execPath} .+ sync .*-- '.+`))
  expect((await machine.schedule(['status'])).stdout).toContain('nothing is scheduled')
})

describe('a crontab that this user may not execute', () => {
  async function machineWithout(...others: readonly 'systemctl'[]) {
    const machine = await schedulingMachine(['crontab', ...others])
    await chmod(join(machine.programs, 'crontab'), 0o644)
    return machine
  }

  test('is none', async () => {
    const machine = await machineWithout()
    expect(await machine.schedule(['install', '--yes', machine.photos])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('this machine has neither systemd (for users), nor launchd, nor crontab'),
    })
    expect(await machine.schedule(['status'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('nothing is scheduled'),
    })
  })

  test('keeps no other one away', async () => {
    const machine = await machineWithout('systemctl')
    expect(await machine.schedule(['install', '--yes', machine.photos])).toMatchObject({ exitCode: 0 })
    expect((await machine.schedule(['status'])).stdout).toMatch(/^systemd: /)
  })

  test('is named where it was asked for', async () => {
    const machine = await machineWithout()
    for (const words of [['install', '--yes', machine.photos], ['status']]) {
      const [action = '', ...rest] = words
      expect(await machine.schedule([action, '--with', 'cron', ...rest])).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('you may not run the crontab of this machine'),
      })
    }
  })
})

test.each([
  [{}, { kind: 'daily', hour: 3, minute: 0 }],
  [{ at: '23:05' }, { kind: 'daily', hour: 23, minute: 5 }],
  [
    { every: '1w', at: '7:00' },
    { kind: 'weekly', hour: 7, minute: 0 },
  ],
  [{ every: '30m' }, { kind: 'minutes', every: 30 }],
  [{ every: '12h' }, { kind: 'hours', every: 12 }],
])('%j', (typed, timing) => {
  expect(parseTiming(typed)).toEqual(timing)
})

test.each([
  { every: '7h' },
  { every: '1m' },
  { every: '2d' },
  { every: 'daily' },
  { every: '6h', at: '03:00' },
  { at: '3' },
  { at: '24:00' },
])('%j is refused', (typed) => {
  expect(() => parseTiming(typed)).toThrow(/^--/)
})
