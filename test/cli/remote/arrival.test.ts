import { expect, test } from 'vitest'
import { followArrival } from '../../../cli/remote/arrival.ts'

const mebibyte = 1024 * 1024

/** Attempts of so many mebibytes each: how often the other side was heard of, and whether that was further than before. */
function attempts(...sizes: readonly number[]) {
  const arrival = followArrival()
  const moved: number[] = []
  return sizes.map((size) => {
    let lives = 0
    const onWritten = arrival.listen(
      () => {
        lives += 1
      },
      (bytes) => moved.push(bytes),
    )
    for (let written = 0; written < size; written += 1) onWritten(mebibyte)
    if (size > 0) onWritten(-size * mebibyte)
    expect(moved.splice(0)).toHaveLength(size === 0 ? 0 : size + 1)
    return { lives, hasAdvanced: arrival.hasAdvanced() }
  })
}

test('what only the kernel has taken says nothing of the other side', () => {
  expect(attempts(0, 4)).toEqual([
    { lives: 0, hasAdvanced: false },
    { lives: 0, hasAdvanced: false },
  ])
})

test('an attempt that gets further than the one before has advanced', () => {
  expect(attempts(10, 12)).toEqual([
    { lives: 6, hasAdvanced: true },
    { lives: 8, hasAdvanced: true },
  ])
})

test('a wire that breaks at the same byte again and again is given up', () => {
  expect(attempts(10, 10, 10, 10, 10, 10).map(({ hasAdvanced }) => hasAdvanced)).toEqual([true, true, true, true, false, false])
})
