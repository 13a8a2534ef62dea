import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changingTree, firstFiles, someChanges } from './changing-tree.ts'
import { isMeasurable, killAt, seededRandom } from './moments.ts'
import { type PhotosUser, photosUser, summaryOf } from './photos-process.ts'
import { contentHashesOf, readTree } from './tree.ts'

const seed = Number(process.env['PHOTOS_TEST_SEED'] ?? randomBytes(4).readUInt32LE())
const trees = 3

/** What a whole run of a few files does is a thousand to two thousand calls of the system. */
const mostCalls = 1400

describe.skipIf(!isMeasurable)(`kill -9 between changes of a tree (PHOTOS_TEST_SEED=${seed})`, { timeout: 120_000 }, () => {
  test.each(Array.from({ length: trees }, (_, index) => index))('tree %i comes back as it is', async (index) => {
    const random = seededRandom(seed + index)
    const user = await photosUser()
    const source = join(user.folder, 'camera')
    const tree = changingTree(source, `tree-${index}`)
    const changes = fc.sample(someChanges, { seed: seed + index, numRuns: 2 })
    for (const first of fc.sample(firstFiles, { seed: seed + index, numRuns: 1 })) await tree.apply(first)
    for (const some of changes) {
      const running = user.start(['sync', source, '--library', user.library])
      await killAt(running.child, { measure: 'calls', at: random() * mostCalls })
      await running.finished
      await tree.apply(some)
    }
    await requireRoundTrip(user, source)
  })
})

async function requireRoundTrip(user: PhotosUser, source: string): Promise<void> {
  const sync = async () => summaryOf(await user.here('sync', source, '--library', user.library, '--json', '--allow-empty'))
  expect(await sync()).toMatchObject({ failed: 0, exit_code: 0 })
  expect(await sync()).toMatchObject({ uploaded: 0, failed: 0, exit_code: 0 })
  const to = join(user.folder, 'pulled')
  expect(await user.here('pull', '--to', to, '--library', user.library)).toMatchObject({ exitCode: 0 })
  const [expected, pulled] = [await readTree(source), await readTree(join(to, 'camera'))]
  expect(new Map([...pulled].filter(([path]) => expected.has(path)))).toEqual(expected)
  const current = contentHashesOf(expected)
  expect([...pulled].filter(([path, { contentHash }]) => !expected.has(path) && current.has(contentHash))).toEqual([])
}
