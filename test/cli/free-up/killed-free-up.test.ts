import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
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

/** Written down before and after; and nothing goes from the old place before the new one is on the disk with its name. */
const durableMoves = {
  byHardLinks: [
    'linkSync camera/a.MP4 aside/camera/a.MP4',
    'fsyncSync aside/camera',
    'renameSync camera/a.MP4 aside/.photos-free-up/HASH.0.part.UUID.leaving',
    'unlinkSync aside/.photos-free-up/HASH.0.part.UUID.leaving',
    'fsyncSync camera',
  ],
  withoutThem: ['renameSync camera/a.MP4 aside/camera/a.MP4', 'fsyncSync aside/camera', 'fsyncSync camera'],
  across: [
    'appendFile aside/.photos-free-up/HASH.0.part',
    'utimes aside/.photos-free-up/HASH.0.part',
    'sync aside/.photos-free-up/HASH.0.part',
    'linkSync aside/.photos-free-up/HASH.0.part aside/camera/a.MP4',
    'rm aside/.photos-free-up/HASH.0.part',
    'fsyncSync aside/camera',
    'unlinkSync camera/a.MP4',
    'fsyncSync camera',
  ],
}
const durableReceipt = ['appendFile aside/receipts.jsonl', 'sync aside/receipts.jsonl']
const opening = [
  'mkdir aside',
  'mkdir aside/.photos-free-up',
  'writeFile aside/.photos-free-up/process-id',
  'mkdir aside/camera',
  'fsyncSync aside',
  'fsyncSync .',
]
const closing = ['unlink aside/.photos-free-up/process-id', 'rmdir aside/.photos-free-up']

test.each([
  ['by hard links', undefined, durableMoves.byHardLinks],
  ['where there are none', 'EPERM', durableMoves.withoutThem],
  ['to another file system', 'EXDEV', durableMoves.across],
])(
  'kill -9 before any call that changes the disk, moving %s: each file is whole, at the old or the new place',
  async (_, linkFailure, durableMove) => {
    const root = await temporaryFolder()
    const trace = join(root, 'calls')
    for (let killedAt = 1; killedAt < mostCalls; killedAt += 1) {
      const [folder, quarantine] = [join(root, `${killedAt}`, 'camera'), join(root, `${killedAt}`, 'aside')]
      await mkdir(folder, { recursive: true })
      await writeTree(folder, { 'a.MP4': randomBytes(50_000) })
      const before = await readTree(folder)

      const isKilled = await run({ killedAt, trace }, folder, quarantine, linkFailure)
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
      const calls = (await readFile(trace, 'utf8')).trimEnd().split('\n')
      await rm(trace)
      if (isKilled) {
        expect(calls.length).toBe(killedAt)
        continue
      }
      expect(left.size).toBe(0)
      expect(calls).toEqual([...opening, ...durableReceipt, ...durableMove, ...durableReceipt, ...closing])
      return expect(calls.length).toBe(killedAt - 1) // before each of these it was killed once
    }
    expect.unreachable('it never came to its end')
  },
  300_000, // a machine that has other things to do takes long to start so many processes
)

async function bundle(folder: string): Promise<string> {
  const outfile = join(folder, 'move-until-killed.mjs')

  await build({ entryPoints: [source], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20.19' })
  return outfile
}

interface Killing {
  /** The number of the call before which it kills itself. */
  readonly killedAt: number
  /** The file that tells of its calls then. */
  readonly trace: string
}

/** Whether it was killed; throws where it ended by any other fault. */
async function run({ killedAt, trace }: Killing, ...given: readonly (string | undefined)[]): Promise<boolean> {
  const more = given.filter((argument) => argument !== undefined)
  const environment = { ...process.env, PHOTOS_KILL_AT: String(killedAt), PHOTOS_TEST_CALLS: trace }
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
