import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

let clone = ''

beforeEach(async () => {
  clone = await realpath(await mkdtemp(join(tmpdir(), 'photos-clone-')))
  await mkdir(join(clone, 'bin'))
  await writeFile(join(clone, 'package.json'), JSON.stringify({ type: 'module' }))
  await cp(join(import.meta.dirname, '..', 'bin', 'photos.js'), join(clone, 'bin', 'photos.js'))
})
afterEach(() => rm(clone, { recursive: true, force: true }))

async function start(...words: readonly string[]) {
  return await new Promise<{ readonly exitCode: unknown; readonly output: string }>((resolve) => {
    execFile(process.execPath, [join(clone, 'bin', 'photos.js'), ...words], (error, stdout, stderr) => {
      resolve({ exitCode: error?.code ?? 0, output: stdout + stderr })
    })
  })
}

test('a clone of which nothing was built says what to type', async () => {
  expect(await start('--version')).toEqual({
    exitCode: 1,
    output: `photos has not been built yet\n  type in ${clone}, then run it again: npm run setup\n`,
  })
})

test('what was built is started with what was typed', async () => {
  await mkdir(join(clone, 'dist'))
  await writeFile(join(clone, 'dist', 'main.js'), 'console.log(process.argv.slice(2).join())\nprocess.exitCode = 3\n')
  expect(await start('sync', 'DCIM')).toEqual({ exitCode: 3, output: 'sync,DCIM\n' })
})
