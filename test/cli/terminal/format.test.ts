import { expect, test } from 'vitest'
import { formatBytes } from '../../../cli/terminal/format-bytes.ts'
import { formatDuration } from '../../../cli/terminal/format-duration.ts'
import { visible } from '../../../cli/terminal/visible.ts'

test.each([
  [0, '0 B'],
  [-5, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [48_123_456, '48.1 MB'],
  [999_949, '999.9 kB'],
  [999_950, '1.0 MB'],
  [3_000_000_000, '3.0 GB'],
  [2 ** 53, '9.0 PB'],
])('%i bytes are %s', (sizeBytes, expected) => {
  expect(formatBytes(sizeBytes)).toBe(expected)
})

test.each([
  [0, '0.0 s'],
  [2.34, '2.3 s'],
  [59.94, '59.9 s'],
  [59.96, '1 min 00 s'],
  [72, '1 min 12 s'],
  [3599.6, '1 h 00 min'],
  [7500, '2 h 05 min'],
])('%d seconds are %s', (seconds, expected) => {
  expect(formatDuration(seconds)).toBe(expected)
})

test.each([
  ['IMG_1.JPG', 'IMG_1.JPG'],
  ['Fête 漢字 👨‍👩‍👧.jpg'.replaceAll('\u200d', ''), 'Fête 漢字 👨👩👧.jpg'],
  ['\u001b[2Jevil.jpg', '\\x1b[2Jevil.jpg'],
  ['a\nb\rc\td\u007f\u009b', 'a\\x0ab\\x0dc\\x09d\\x7f\\x9b'],
  ['\u202egpj.exe', '\\u202egpj.exe'],
  ['\u2066x\u2069\ufeff\u2028', '\\u2066x\\u2069\\ufeff\\u2028'],
  ['\ud800', '\\ud800'],
  ['\u{e0041}', '\\u{e0041}'],
  ['\ufffd', '\ufffd'],
])('%j is shown as %j', (text, expected) => {
  expect(visible(text)).toBe(expected)
})
