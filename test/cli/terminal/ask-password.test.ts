import { PassThrough, Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { UserError } from '../../../cli/errors.ts'
import { Interruption } from '../../../cli/interruption.ts'
import { askNewPassword } from '../../../cli/terminal/ask-password.ts'
import { RecordedStream } from './recorded-stream.ts'

/** A terminal of which the test is the keyboard. */
class TypedTerminal extends PassThrough {
  readonly isTTY = true
  isRaw = false

  setRawMode(isRaw: boolean): void {
    this.isRaw = isRaw
  }
}

const asTyped = (password: string): string => password
const never = new AbortController().signal

/** What came of the keys, and what stood on the screen. Each string is a chunk, as a terminal sends them. */
async function typing(keys: readonly (string | Buffer)[], { parse = asTyped, signal = never } = {}) {
  const stdin = new TypedTerminal()
  const stderr = new RecordedStream({ isTTY: true })
  const asked = askNewPassword('New password: ', parse, { stdin, stderr, signal })
  expect(stdin.isRaw).toBe(true)
  for (const key of keys) stdin.write(key)
  const outcome = await asked.catch((error: unknown) => error)
  return { outcome, screen: stderr.text, isRaw: stdin.isRaw, isReading: stdin.readableFlowing }
}

test('a password is asked for twice, shown never, and the terminal is left as it was', async () => {
  expect(await typing([...'correct horse', '\r', ...'correct horse', '\r'])).toEqual({
    outcome: 'correct horse',
    screen: 'New password: \nThe same again: \n',
    isRaw: false,
    isReading: false,
  })
})

test.each<readonly [string, readonly (string | Buffer)[], string]>([
  ['backspace takes back a character', ['abd', '\x7f', 'c', '\b', 'c\r', 'abc\r'], 'abc'],
  ['backspace at the start does nothing', ['\x7f\x7fabc\r', 'abc\r'], 'abc'],
  ['backspace takes back an emoji of several code points', ['a👩‍👩‍👧', '\x7f', 'b\r', 'ab\r'], 'ab'],
  ['Ctrl-U begins again', ['wrong', '\x15', 'right\r', 'wrong\x17right\r'], 'right'],
  ['arrow keys, function keys and the marks of a paste are not typed', ['\x1b[Aa\x1bOPb\x1b[200~c\x1b[201~\r', 'abc\r'], 'abc'],
  ['a lone Escape swallows nothing', ['\x1b', 'abc\r', 'abc\r'], 'abc'],
  ['both lines may be pasted at once', ['abc\rabc\r'], 'abc'],
  ['a character may come in two chunks', [Buffer.from([0xc3]), Buffer.from([0xbc, 0x0d]), 'ü\r'], 'ü'],
  ['Ctrl-D in a line does nothing', ['ab', '\x04', 'c\r', 'abc\r'], 'abc'],
])('%s', async (_what, keys, password) => {
  expect(await typing(keys)).toMatchObject({ outcome: password, isRaw: false })
})

test('Ctrl-C interrupts the run, and gives the terminal back', async () => {
  const { outcome, screen, isRaw } = await typing(['secret', '\x03'])
  expect(outcome).toBeInstanceOf(Interruption)
  expect(outcome).toMatchObject({ exitCode: 130 })
  expect({ screen, isRaw }).toEqual({ screen: 'New password: \n', isRaw: false })
})

test('a signal from outside does so, too', async () => {
  const stopping = new AbortController()
  const stdin = new TypedTerminal()
  const asked = askNewPassword('New password: ', asTyped, { stdin, stderr: new RecordedStream(), signal: stopping.signal })
  stopping.abort(new Interruption('SIGTERM'))
  await expect(asked).rejects.toThrow()
  expect(stdin.isRaw).toBe(false)
})

test('Ctrl-D at the start of a line types nothing', async () => {
  expect(await typing(['\x04'])).toMatchObject({ outcome: { message: 'nothing was typed', exitCode: 2 }, isRaw: false })
})

test('two different passwords are none', async () => {
  expect(await typing(['one\r', 'other\r'])).toMatchObject({
    outcome: { message: 'the two passwords differ', exitCode: 2 },
    isRaw: false,
  })
})

test('a password that will not do is told before it is asked for again', async () => {
  const parse = (): string => {
    throw new UserError('too short', { exitCode: 2, hint: 'a longer one' })
  }
  expect(await typing(['short\r'], { parse })).toMatchObject({
    outcome: { message: 'too short' },
    screen: 'New password: \n',
    isRaw: false,
  })
})

async function piping(bytes: readonly (string | Buffer)[], signal = never): Promise<unknown> {
  const stdin = Readable.from(bytes.map((chunk) => Buffer.from(chunk)))
  return await askNewPassword('New password: ', asTyped, { stdin, stderr: new RecordedStream(), signal }).catch(
    (error: unknown) => error,
  )
}

test('without a terminal it is the first line of standard input', async () => {
  expect(await piping(['correct horse\n'])).toBe('correct horse')
  expect(await piping(['  spaces count \r\nnot read\n'])).toBe('  spaces count ')
  expect(await piping([Buffer.from([0xc3]), Buffer.from([0xbc]), 'ber'])).toBe('über')
})

test.each([
  ['is empty', []],
  ['is not in UTF-8', [Buffer.from([0xff, 0xfe, 0x0a])]],
  ['has a line that is longer than any password', ['x'.repeat(100_000)]],
])('standard input that %s is a usage error', async (what, bytes) => {
  expect(await piping(bytes)).toMatchObject({ exitCode: 2, message: expect.stringContaining(what) })
})

test('a run that waits for standard input can be stopped', async () => {
  const stopping = new AbortController()
  const asked = askNewPassword('New password: ', asTyped, {
    stdin: new PassThrough(),
    stderr: new RecordedStream(),
    signal: stopping.signal,
  })
  stopping.abort(new Interruption('SIGINT'))
  await expect(asked).rejects.toBeInstanceOf(Interruption)
})
