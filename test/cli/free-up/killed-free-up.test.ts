import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { beforeAll, expect, test } from 'vitest'
import { receiptsName } from '../../../cli/free-up/receipts.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { contentHashesOf, listTree, readTree, writeTree } from '../../whole-path/tree.ts'
import { moveAll } from './move-all.ts'

const preloaded = new URL('kill-at-call.mjs', import.meta.url).href
const source = new URL('move-until-killed.ts', import.meta.url).pathname
/** A run makes fewer: so many would mean that it never ends. */
const mostCalls = 60

let program: string
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'photos-test-'))
  program = await bundle(folder)
  return () => rm(folder, { recursive: true })
})

test.each([
  ['by hard links', undefined],
  ['where there are none', 'EPERM'],
  ['to another file system', 'EXDEV'],
])(
  'kill -9 before any call that changes the disk, moving %s: each file is whole, at the old or the new place',
  async (_, linkFailure) => {
    const root = await temporaryFolder()
    let killedAt = 1
    for (; killedAt < mostCalls; killedAt += 1) {
      const [folder, quarantine] = [join(root, `${killedAt}`, 'camera'), join(root, `${killedAt}`, 'aside')]
      await mkdir(folder, { recursive: true })
      await writeTree(folder, { 'a.MP4': randomBytes(50_000) })
      const before = await readTree(folder)

      const isKilled = await run(killedAt, folder, quarantine, linkFailure)
      const [left, moved] = [await readTree(folder), await readTree(join(quarantine, 'camera'))]
      for (const [name, file] of before) {
        const found = [left.get(name), moved.get(name)].filter((place) => place !== undefined)
        expect(found.length).toBeGreaterThanOrEqual(1)
        for (const place of found) expect(place).toEqual(file)
      }
      // The next run finishes what was begun, and nothing is there twice unless it had to be copied.
      await moveAll(folder, quarantine, linkFailure)
      expect(await listTree(folder)).toEqual([])
      expect((await readdir(quarantine)).sort()).toEqual(['camera', receiptsName])
      const after = await readTree(join(quarantine, 'camera'))
      expect(contentHashesOf(after)).toEqual(contentHashesOf(before))
      if (linkFailure !== 'EXDEV') expect(after).toEqual(before)
      if (isKilled) continue
      expect(left.size).toBe(0) // it has come to its end, and was killed before each call on the way there
      break
    }
    expect(killedAt).toBeGreaterThan(10)
    expect(killedAt).toBeLessThan(mostCalls)
  },
  300_000, // a machine that has other things to do takes long to start so many processes
)

async function bundle(folder: string): Promise<string> {
  const outfile = join(folder, 'move-until-killed.mjs')

  await build({ entryPoints: [source], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20.19' })
  return outfile
}

/** Whether it was killed; throws where it ended by any other fault. */
async function run(killAt: number, ...given: readonly (string | undefined)[]): Promise<boolean> {
  const more = given.filter((argument) => argument !== undefined)
  const environment = { ...process.env, PHOTOS_KILL_AT: String(killAt) }
  const child = spawn(process.execPath, ['--import', preloaded, program, ...more], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const [code, killedBy] = await once(child, 'close')
  if (code !== 0 && killedBy !== 'SIGKILL') throw new Error(`ended with ${code}: ${said}`)
  return killedBy === 'SIGKILL'
}
