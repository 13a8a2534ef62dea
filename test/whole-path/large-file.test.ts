import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { findLastingPort } from './lasting-port.ts'
import { photosUser } from './photos-process.ts'
import { readTree } from './tree.ts'

const run = promisify(execFile)
const isWanted = process.env['PHOTOS_TEST_SLOW'] !== undefined && existsSync('/usr/bin/time')
const kibibytesOf = (text: string): number => Number(/Maximum resident set size \(kbytes\): (\d+)/.exec(text)?.[1])

test.skipIf(!isWanted)(
  'a file of 3 GB comes back, with less than 150 MB for the CLI and 300 MB for the backend',
  { timeout: 900_000 },
  async () => {
    const user = await photosUser()
    const folder = join(user.folder, 'camera')
    await mkdir(folder)
    await writeRandom(join(folder, 'large.MOV'), 3e9)
    const measured = (name: string) => ['/usr/bin/time', '-v', '-o', join(user.folder, name)]
    const measuredKibibytes = async (name: string) => kibibytesOf(await readFile(join(user.folder, name), 'utf8'))

    const listen = `127.0.0.1:${await findLastingPort()}`
    const serving = user.start(['serve', '--library', user.library, '--listen', listen], { wrapper: measured('serve') })
    await serving.saying(/^serving/)
    const sync = user.start(['sync', folder, '--library', user.library, '-q'], { wrapper: measured('sync') })
    expect(await sync.finished).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    const pull = user.start(['pull', '--to', 'back', '--library', user.library, '-q'], { wrapper: measured('pull') })
    expect(await pull.finished).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    // time(1) keeps signals to itself: its child is asked to end.
    await run('pkill', ['-TERM', '-P', String(serving.child.pid)])
    await serving.finished

    expect(await readTree(join(user.folder, 'back', 'camera'))).toEqual(await readTree(folder))
    const peaks = {
      sync: await measuredKibibytes('sync'),
      pull: await measuredKibibytes('pull'),
      serve: await measuredKibibytes('serve'),
    }
    process.stderr.write(`peak memory in kB: ${JSON.stringify(peaks)}\n`)
    expect(peaks.sync).toBeLessThan(150e6 / 1024)
    expect(peaks.pull).toBeLessThan(150e6 / 1024)
    expect(peaks.serve).toBeLessThan(300e6 / 1024)
  },
)

async function writeRandom(path: string, sizeBytes: number): Promise<void> {
  const file = await open(path, 'wx')
  try {
    for (let written = 0; written < sizeBytes; written += 10e6) await file.write(randomBytes(10e6))
  } finally {
    await file.close()
  }
}
