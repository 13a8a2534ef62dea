import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { isTakeoutSidecar } from '../../../cli/sync/takeout-sidecar.ts'
import { corpusFolder } from '../../corpus.ts'

const folder = corpusFolder('dev')
it.skipIf(!folder)("knows Takeout's JSON of the corpus, and that its manifest is none", async () => {
  const paths = (await readdir(folder ?? '', { recursive: true })).filter((path) => path.endsWith('.json'))
  const sidecars = []
  for (const path of paths) if (isTakeoutSidecar(await readFile(join(folder ?? '', path)))) sidecars.push(path)
  expect(sidecars).toEqual(paths.filter((path) => path.startsWith('Takeout')))
  expect(sidecars.length).toBeGreaterThan(1)
})
