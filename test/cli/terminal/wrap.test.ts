import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { run } from '../../../cli/program.ts'
import { wrapFor } from '../../../cli/terminal/wrap.ts'
import { RecordedStream } from './recorded-stream.ts'

const terminal = (columns: number) => ({ isTTY: true, columns })
const hint = 'sign in again: photos login https://nas.local:8420 --profile parents; if that does not help, check the clock'

test.each<[string, number, readonly string[]]>([
  ['fits', 120, [`  ${hint}`]],
  [
    'is broken between words',
    80,
    ['  sign in again: photos login https://nas.local:8420 --profile parents; if that', '  does not help, check the clock'],
  ],
  [
    'has the command on a line of its own',
    60,
    ['  sign in again:', '  photos login https://nas.local:8420 --profile parents; if', '  that does not help, check the clock'],
  ],
  [
    'never has a command broken, however narrow the terminal',
    30,
    [
      '  sign in again:',
      '  photos login https://nas.local:8420 --profile parents;',
      '  if that does not help, check',
      '  the clock',
    ],
  ],
])('a hint that %s', (_name, columns, lines) => {
  expect(wrapFor(terminal(columns), hint, '  ').split('\n')).toEqual(lines)
})

test('a command keeps the variable before it', () => {
  const text = 'if it is your own, name its file: NODE_EXTRA_CA_CERTS=FILE photos login https://nas.local:8420'
  expect(wrapFor(terminal(70), text).split('\n')).toEqual([
    'if it is your own, name its file:',
    'NODE_EXTRA_CA_CERTS=FILE photos login https://nas.local:8420',
  ])
})

test.each([
  [
    `to have them back: cp -an '/x/it'\\''s mine/.' '/home/My pics/' (receipts.jsonl there tells)`,
    ['to have them back:', `cp -an '/x/it'\\''s mine/.' '/home/My pics/'`, '(receipts.jsonl there tells)'],
  ],
  ['when you are sure: rm -r /home/aside', ['when you are sure:', 'rm -r /home/aside']],
  [`name them, as '/home/My own pics'/* is`, ['name them, as', `'/home/My own pics'/* is`]],
])('a command of the system is whole, too, and so is a quoted name: %s', (text, lines) => {
  expect(wrapFor(terminal(29), text).split('\n')).toEqual(lines)
})

test('nothing is broken where it is no terminal, or its width is not known', () => {
  expect(wrapFor({ isTTY: false, columns: 40 }, hint)).toBe(hint)
  expect(wrapFor({ isTTY: true }, hint)).toBe(hint)
})

test('every command that there is is known for one', async () => {
  const [stdout, stderr] = [new RecordedStream(), new RecordedStream()]
  const context = { stdin: Readable.from([]), stdout, stderr, environment: {}, now: () => new Date(0) }
  await run(['--help'], { ...context, signal: new AbortController().signal })
  const commands = [...stdout.text.matchAll(/^ {2}([a-z][a-z-]*) .*$/gm)].map(([, name]) => `photos ${name} a b c`)
  expect(commands).toContain('photos watch a b c')
  expect(commands.filter((command) => wrapFor(terminal(10), command).includes('\n'))).toEqual(['photos help a b c'])
})
