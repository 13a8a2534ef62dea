import { expect, it } from 'vitest'
import { parseSize } from '../../cli/size.ts'

it.each([
  ['0', 0],
  ['1', 1024],
  ['100B', 100],
  ['100b', 100],
  ['10K', 10_240],
  ['10k', 10_240],
  ['10Ki', 10_240],
  ['10KiB', 10_240],
  ['1KB', 1024],
  ['1M', 2 ** 20],
  ['1.5G', 1.5 * 2 ** 30],
  ['.5M', 2 ** 19],
  [' 2T ', 2 ** 41],
  ['1P', 2 ** 50],
  ['0.1B', 0],
])('%j is %d bytes', (text, sizeBytes) => {
  expect(parseSize(text)).toBe(sizeBytes)
})

it.each(['', 'B', '.', '-1', '1 M', '1X', '1BB', '1Bi', '1e3', '10M10', 'off', '9999E', '0x10', '１M'])(
  '%j is no size',
  (text) => {
    expect(() => parseSize(text)).toThrow(expect.objectContaining({ exitCode: 2, message: `'${text}' is not a size` }))
  },
)
