import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bytePathOf } from '../../../cli/byte-path.ts'
import type { FileAction } from '../../../cli/run-event.ts'
import { type BatchRules, createBatchRules } from '../../../cli/watch/batch.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

/** So many files that fail are tried again on their own. */
const most = 1000

interface RulesInTest extends Pick<BatchRules, 'beginLook' | 'endLook'> {
  readonly paths: readonly string[]
  /** Tells what became of some files. Answers with the pauses after which they are tried again, in milliseconds. */
  tell(action: FileAction, paths: readonly string[]): readonly (number | undefined)[]
}

async function rulesInTest(): Promise<RulesInTest> {
  const folder = await temporaryFolder()
  const paths = Array.from({ length: most + 1 }, (_, index) => join(folder, `${index}.jpg`))
  for (const path of paths) writeFileSync(path, '')
  const pausesMs = new Map<string, number | undefined>()
  const dirty = {
    mark(path: string, afterMs?: number) {
      pausesMs.set(path, afterMs)
      return 'no-sooner' as const
    },
  }
  const rules = createBatchRules({ settleMs: 5000, now: () => Date.now() + 3_600_000, dirty })
  return {
    ...rules,
    paths,
    tell(action, told) {
      pausesMs.clear()
      for (const path of told) rules.hear({ kind: 'file', outcome: { action, path, sizeBytes: 0 } })
      return told.map((path) => pausesMs.get(bytePathOf(path)))
    },
  }
}

test('a file that failed and is stored or left out later leaves its place among those that are tried again', async () => {
  const { paths, tell } = await rulesInTest()
  const last = paths.slice(most)
  expect(new Set(tell('failed', paths.slice(0, most)))).toEqual(new Set([30_000]))
  expect(tell('failed', last)).toEqual([undefined])
  tell('uploaded', paths.slice(0, 1))
  for (const action of ['uploaded', 'already_stored', 'skipped'] as const) {
    expect(tell('failed', last)).toEqual([30_000])
    tell(action, last)
  }
})

test('so does one that a look through everything did not see fail; one that did goes on where it was', async () => {
  const { paths, tell, beginLook, endLook } = await rulesInTest()
  const [bad, last] = [paths.slice(0, 1), paths.slice(most)]
  tell('failed', paths.slice(0, most))
  beginLook()
  expect(tell('failed', bad)).toEqual([120_000])
  expect(tell('failed', last)).toEqual([undefined])
  endLook()
  expect(tell('failed', last)).toEqual([30_000])
  expect(tell('failed', bad)).toEqual([480_000])
})
