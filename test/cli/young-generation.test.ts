import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'

/** Keeps what is young alive for a while, as files on their way are, and answers how large the young generation has become. */
const longRun = `
  import { getHeapSpaceStatistics } from 'node:v8'
  const kept = []
  let made = 0
  const work = () => {
    for (let index = 0; index < 200_000; index += 1) kept[made++ % 5_000] = { made, more: [made] }
    if (made < 20_000_000) setImmediate(work)
    else console.log(getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size)
  }
  work()
`

async function sizeAfterLongRun(start: string): Promise<number> {
  const outfile = join(await temporaryFolder(), 'run.mjs')
  const resolveDir = fileURLToPath(new URL('../../cli', import.meta.url))
  const stdin = { contents: `${start}\n${longRun}`, resolveDir }
  await build({ stdin, outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' })
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [outfile])
  expect(stderr).toBe('')
  return Number(stdout)
}

test('the young generation stops growing once it is large enough, in silence', async () => {
  const bounded = await sizeAfterLongRun(`import { boundYoungGeneration } from './young-generation.ts'; boundYoungGeneration()`)
  expect(bounded).toBeLessThanOrEqual(16 * 2 ** 20)
  expect(await sizeAfterLongRun('')).toBeGreaterThan(bounded)
})
