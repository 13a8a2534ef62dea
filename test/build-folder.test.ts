import { spawnSync } from 'node:child_process'
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { makeBuildFolder } from './build-folder.ts'
import { temporaryFolder } from './temporary-folder.ts'

test('a run removes what killed runs have left of their builds, and nothing else', async () => {
  const parent = await temporaryFolder()
  const { pid: ended } = spawnSync(process.execPath, ['--version'])
  const kept = [`.photos-test-${process.pid}-abcdef`, `.photos-test-${process.ppid}-abcdef`, '.photos-test-abcdef', 'zod']
  const long = new Date(Date.now() - 2 * 60 * 60_000)
  for (const name of [...kept, `.photos-test-${ended}-abcdef`]) {
    await mkdir(join(parent, name, 'dist'), { recursive: true })
    await writeFile(join(parent, name, 'dist', 'cli.js'), '')
    await utimes(join(parent, name), long, long)
  }
  const young = `.photos-test-${ended}-young1` // of a container, perhaps
  await mkdir(join(parent, young))

  const made = basename(await makeBuildFolder(parent))
  expect(made).toMatch(new RegExp(`^\\.photos-test-${process.pid}-\\w{6}$`))
  expect((await readdir(parent)).sort()).toEqual([...kept, young, made].sort())
})
