import { hostname } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { collect } from '../collect.ts'
import { openLibraryInTest } from '../embedded/library-in-test.ts'
import { type ChangingTree, changingTree, firstFiles, someChanges } from './changing-tree.ts'
import { chosenSeed } from './chosen-seed.ts'
import { findWrongFiles, placesOf } from './expected-pull.ts'
import { isMeasurable, killAt, seededRandom } from './moments.ts'
import { type PhotosUser, photosUser, summaryOf } from './photos-process.ts'
import { findWrongPlaces, type RunInHistory } from './telling-history.ts'
import { readTree } from './tree.ts'

const seed = chosenSeed('random')
const trees = 3

/** So many calls of the system a run of a few files makes, measured: the first one, which makes a library, and the second one. */
const callsOfRuns = [3400, 2200]
/** Some runs come to their end. */
const share = 1.1

describe.skipIf(!isMeasurable)(`kill -9 between changes of a tree (PHOTOS_TEST_SEED=${seed})`, { timeout: 120_000 }, () => {
  let killed = 0
  afterAll(() => expect(killed, 'runs that were killed, of all trees').toBeGreaterThan(0))

  test.each(Array.from({ length: trees }, (_, index) => index))('tree %i comes back as it is', async (index) => {
    const random = seededRandom(seed + index)
    const user = await photosUser()
    const source = join(user.folder, 'camera')
    const tree = changingTree(source, `tree-${index}`)
    const changes = fc.sample(someChanges, { seed: seed + index, numRuns: callsOfRuns.length })
    for (const first of fc.sample(firstFiles, { seed: seed + index, numRuns: 1 })) await tree.apply(first)
    const history: RunInHistory[] = []
    for (const [runs, some] of changes.entries()) {
      const run = beginRun(tree)
      const running = user.start(['sync', source, '--library', user.library, '--allow-empty'])
      const isKilled = await killAt(running.child, { measure: 'calls', at: random() * share * (callsOfRuns[runs] ?? 0) })
      if (isKilled) killed += 1
      const { exitCode } = await running.finished
      history.push({ ...run, isWhole: exitCode === 0 })
      await tree.apply(some)
    }
    await requireRoundTrip(user, source, tree, history)
  })
})

function beginRun(tree: ChangingTree): RunInHistory {
  const startedAt = new Date().toISOString()
  return { startedAt, contents: tree.contents(), isWhole: true, isExcluded: () => false, hasLostState: false }
}

/** What was told is what has happened, and a pull brings what it is to bring and nothing else. */
async function requireRoundTrip(user: PhotosUser, source: string, tree: ChangingTree, before: readonly RunInHistory[]) {
  const { remote } = await openLibraryInTest(user.library)
  const sync = async () => summaryOf(await user.here('sync', source, '--library', user.library, '--json', '--allow-empty'))
  const history = [...before, beginRun(tree)]
  expect(await sync()).toMatchObject({ failed: 0, exit_code: 0 })
  history.push(beginRun(tree))
  expect(await sync()).toMatchObject({ uploaded: 0, failed: 0, exit_code: 0 })
  const to = join(user.folder, 'pulled')
  expect(await user.here('pull', '--to', to, '--library', user.library)).toMatchObject({ exitCode: 0 })

  const listed = await collect(remote.listPhotos({}))
  const wrong = findWrongPlaces(history, placesOf(hostname(), listed))
  expect([...wrong, ...findWrongFiles(listed, await readTree(to))]).toEqual([])
  // The promise itself, whatever was told.
  const [expected, pulled] = [await readTree(source), await readTree(join(to, 'camera'))]
  expect(new Map([...pulled].filter(([path]) => expected.has(path)))).toEqual(expected)
}
