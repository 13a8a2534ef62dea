import { mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { type LogFile, type LogFileOptions, openLogFile } from '../../../cli/terminal/log-file.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const now = () => new Date('2026-11-23T03:00:01Z')
const stamp = /^2026-11-2\d(T\d\d:\d\d:01[+-]\d\d:\d\d )/

let folder: string
let path: string
let failures: string[]

beforeEach(async () => {
  folder = await temporaryFolder()
  path = join(folder, 'photos.log')
  failures = []
})

function open(options: Partial<LogFileOptions> = {}): LogFile {
  return openLogFile(path, { now, maximumBytes: 1_000_000, onFailure: (reason) => failures.push(reason), ...options })
}

function write(log: LogFile, ...texts: readonly string[]): void {
  for (const text of texts) log.stream.write(text)
  log.close()
}

const textOf = (name = 'photos.log') => readFile(join(folder, name), 'utf8')
const messagesOf = async (name?: string) => (await textOf(name)).split('\n').map((line) => line.replace(stamp, ''))

test('each line has the time, however it came in pieces, and no control character', async () => {
  write(open(), 'one', ' line\ntwo \u001b[2J', '\u202e lines\nwhat has no end')
  expect((await textOf()).split('\n')[0]).toMatch(stamp)
  expect(await messagesOf()).toEqual(['one line', 'two \\x1b[2J\\u202e lines', ''])
})

test('what was there stays', async () => {
  write(open(), 'one\n')
  write(open(), 'two\n')
  expect(await messagesOf()).toEqual(['one', 'two', ''])
})

test('others of this machine cannot read it', async () => {
  write(open(), 'one\n')
  expect((await stat(path)).mode & 0o007).toBe(0)
})

describe('a file that is full', () => {
  test('is put aside, and so many of these are kept', async () => {
    const log = open({ maximumBytes: 60, kept: 2 })
    write(log, ...[1, 2, 3, 4, 5, 6, 7, 8].map((number) => `line ${number}\n`)) // a line has 33 bytes
    expect((await readdir(folder)).sort()).toEqual(['photos.log', 'photos.log.1', 'photos.log.2'])
    expect(await messagesOf()).toEqual(['line 8', ''])
    expect(await messagesOf('photos.log.1')).toEqual(['line 7', ''])
    expect(await messagesOf('photos.log.2')).toEqual(['line 6', ''])
  })

  test('that another run has put aside is not put aside again', async () => {
    const [one, other] = [open({ maximumBytes: 80 }), open({ maximumBytes: 80 })]
    one.stream.write('one\n')
    other.stream.write('other\n')
    one.stream.write('one again\n')
    write(other, 'other again\n')
    write(one)
    expect((await readdir(folder)).sort()).toEqual(['photos.log', 'photos.log.1'])
    expect(await messagesOf()).toEqual(['one again', 'other again', ''])
  })

  test('goes on where it cannot be put aside', async () => {
    await mkdir(`${path}.1/of-somebody-else`, { recursive: true })
    write(open({ maximumBytes: 60, kept: 1 }), 'one\n', 'two\n', 'three\n')
    expect(await messagesOf()).toEqual(['one', 'two', 'three', ''])
    expect(failures).toEqual([])
  })
})

describe('a file that cannot be written', () => {
  test.each([
    ['no folder', () => join(folder, 'not-there', 'photos.log'), 'its folder is not there'],
    ['a folder', () => folder, 'it is a folder'],
    ['a full disk', () => '/dev/full', 'its disk is full'],
  ])('%s: is told once and throws nothing', async (_what, at, reason) => {
    path = at()
    write(open(), 'one\n', 'two\n')
    expect(failures).toEqual([reason])
  })
})

test('a device is written to, and never put aside', async () => {
  path = '/dev/null'
  write(open({ maximumBytes: 10 }), 'one\n', 'two\n')
  expect(failures).toEqual([])
})

test('one that was moved away or deleted is made anew', async () => {
  const log = open()
  log.stream.write('one\n')
  await rename(path, `${path}.moved`)
  log.stream.write('two\n')
  expect(await messagesOf('photos.log.moved')).toEqual(['one', ''])
  await rm(path)
  write(log, 'three\n')
  expect(await messagesOf()).toEqual(['three', ''])
})

test('a link that leads to itself is told in words', async () => {
  await symlink('photos.log', path)
  write(open(), 'one\n')
  expect(failures).toEqual(['its links lead round in a circle'])
})

test('a link to what is not there yet stays one', async () => {
  await symlink('real.log', path)
  write(open({ maximumBytes: 50 }), 'one\n', 'two\n')
  expect(await messagesOf('real.log.1')).toEqual(['one', ''])
  expect(await messagesOf('real.log')).toEqual(['two', ''])
})

test('a link stays one', async () => {
  await writeFile(join(folder, 'real.log'), '')
  await symlink('real.log', path)
  write(open({ maximumBytes: 50 }), 'one\n', 'two\n')
  expect(await messagesOf('real.log.1')).toEqual(['one', ''])
  expect(await messagesOf()).toEqual(['two', ''])
})
