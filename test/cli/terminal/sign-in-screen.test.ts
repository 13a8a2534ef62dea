import { expect, test } from 'vitest'
import type { Context } from '../../../cli/context.ts'
import { formatLarge, largeCodeColumns } from '../../../cli/terminal/large-letters.ts'
import { showDeviceCode } from '../../../cli/terminal/sign-in-screen.ts'
import { userCodeAlphabet } from '../../../contract/device-grant.ts'
import { RecordedStream } from './recorded-stream.ts'

const code = {
  userCode: 'WDJB-MJHT',
  verificationUri: 'https://abcdefghij.execute-api.us-east-1.amazonaws.com/device',
  verificationUriComplete: 'https://abcdefghij.execute-api.us-east-1.amazonaws.com/device?user_code=WDJB-MJHT',
  expiresInSeconds: 600,
}

interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  readonly environment?: Readonly<Record<string, string>>
}

async function shownOn({ isTTY = true, columns, rows, environment = {} }: Terminal, shown = code): Promise<readonly string[]> {
  const size = { ...(columns && { columns }), ...(rows && { rows }) }
  const stderr = Object.assign(new RecordedStream({ isTTY }), size)
  const context: Context = {
    stdin: process.stdin,
    stdout: new RecordedStream(),
    stderr,
    environment,
    now: () => new Date(),
    signal: new AbortController().signal,
  }
  await showDeviceCode(shown, 'photos.example.com', context)
  return stderr.lines
}

const isDrawing = (line: string): boolean => /^[█▀][█▀▄ ]{19,}$/.test(line)

test('a terminal with room shows a QR code, the link and the code, large, the code last', async () => {
  const lines = await shownOn({ columns: 80, rows: 50 })
  expect(lines.slice(0, 20).every(isDrawing)).toBe(true)
  expect(lines.slice(20)).toEqual([
    '',
    'To sign in to photos.example.com,',
    'scan this, or open this page on your phone or on any other machine:',
    '',
    '  https://abcdefghij.execute-api.us-east-1.amazonaws.com/device',
    '',
    'and type this code:',
    '',
    '  █   █  █▀▀▀▄    ▀█▀  █▀▀▀▄         █▄ ▄█    ▀█▀  █   █  ▀▀█▀▀',
    '  █▄▀▄█  █   █  ▄  █   █▀▀▀▄   ▀▀▀   █ ▀ █  ▄  █   █▀▀▀█    █',
    '  ▀   ▀  ▀▀▀▀    ▀▀    ▀▀▀▀          ▀   ▀   ▀▀    ▀   ▀    ▀',
    '',
    '  WDJB-MJHT',
    '',
    'Approve there only if it shows this very code.',
    'It is good for 10 minutes. Waiting for you; Ctrl-C gives up.',
  ])
})

const warning = 'Approve there only if it shows this very code.'
const atHome = {
  ...code,
  verificationUri: 'https://nas.local:8420/device',
  verificationUriComplete: 'https://nas.local:8420/device?user_code=WDJB-MJHT',
}

test('one of 80 columns and 24 rows keeps all of it in sight', async () => {
  const lines = await shownOn({ columns: 80, rows: 24 }, atHome)
  expect(lines.slice(0, 16).every(isDrawing)).toBe(true)
  expect(lines.slice(16)).toEqual([
    'Scan this, or open this page on your phone or on any other machine:',
    '  https://nas.local:8420/device',
    'and type this code, which is good for 10 minutes; Ctrl-C gives up:',
    '  WDJB-MJHT',
    warning,
  ])
})

test.each([
  ['with room for large letters', 80, 32, true, true],
  ['too low for a long link’s QR code', 80, 24, false, true],
  ['too low for all of it', 80, 12, false, true],
  ['too low for anything large', 80, 9, false, false],
  ['narrow and low', 40, 24, false, false],
])('one %s has the code, the link and the warning, and scrolls nothing away', async (_name, columns, rows, isDrawn, isLarge) => {
  const lines = await shownOn({ columns, rows })
  const height = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0)
  expect(height).toBeLessThan(rows)
  expect(lines).toEqual(expect.arrayContaining([`  ${code.verificationUri}`, '  WDJB-MJHT']))
  expect(lines.join(' ')).toContain(warning)
  expect(lines.some(isDrawing)).toBe(isDrawn)
  expect(lines.some((line) => /^ {2}[█▀▄ ]+$/.test(line))).toBe(isLarge)
})

test('a long name of a host breaks nothing', async () => {
  const long = `https://${'photos-of-the-whole-family.'.repeat(3)}example.com/device`
  const lines = await shownOn({ columns: 60, rows: 50 }, { ...code, verificationUri: long, verificationUriComplete: long })
  expect(lines).toContain(`  ${long}`)
  expect(lines.filter((line) => line !== `  ${long}`).every((line) => line.length <= 60)).toBe(true)
})

test.each<[string, Terminal]>([
  ['too narrow', { columns: 39, rows: 80 }],
  ['too low', { columns: 80, rows: 24 }],
  ['dumb', { columns: 80, rows: 80, environment: { TERM: 'dumb' } }],
  ['none at all', { isTTY: false }],
])('a terminal that is %s gets no QR code, and link and code on lines of their own', async (_name, terminal) => {
  const lines = await shownOn(terminal)
  expect(lines.filter((line) => isDrawing(line))).toEqual([])
  expect(lines).toEqual(expect.arrayContaining([`  ${code.verificationUri}`, '  WDJB-MJHT']))
})

test('nothing is drawn where nobody watches, nor where it would wrap', async () => {
  expect((await shownOn({ isTTY: false })).join('')).not.toMatch(/[█▀▄]/)
  expect((await shownOn({ columns: largeCodeColumns + 2, rows: 80 })).slice(20).join('')).not.toMatch(/[█▀▄]/)
})

test('what a remote says does not steer the terminal', async () => {
  const hostile = { ...code, userCode: '\u001b[2JAAAA', verificationUri: 'https://x.example/\u202e' }
  expect((await shownOn({ columns: 80, rows: 80 }, hostile)).join('')).not.toMatch(/\p{Cc}|\p{Cf}/u)
})

test('every letter of a user code has a large form of its own', () => {
  const forms = [...userCodeAlphabet, '-'].map((letter) => formatLarge(letter)?.join('\n'))
  expect(new Set(forms).size).toBe(userCodeAlphabet.length + 1)
  expect(forms).not.toContain(undefined)
  expect(formatLarge('AEIOU')).toBeUndefined()
})
