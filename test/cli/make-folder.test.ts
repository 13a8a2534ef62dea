import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeFolder } from '../../cli/make-folder.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test('makes what is missing, and nothing twice', async () => {
  const folder = join(await temporaryFolder(), 'a', 'b', 'c')
  await makeFolder(folder, 0o700)
  await makeFolder(folder, 0o700)
  expect((await stat(folder)).mode & 0o777).toBe(0o700)
})

test.skipIf(process.platform === 'win32')('what lies above a private folder is private, too, whatever the umask', async () => {
  const folder = await temporaryFolder()
  const before = process.umask(0)
  onTestFinished(() => void process.umask(before))
  await makeFolder(join(folder, '.config', 'photos', 'profiles'), 0o700)
  for (const above of ['.config', '.config/photos', '.config/photos/profiles']) {
    expect([above, (await stat(join(folder, above))).mode & 0o777]).toEqual([above, 0o700])
  }
})

test('a file in the way is told', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'file'), '')
  await expect(makeFolder(join(folder, 'file', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' })
})

// Node's own recursive mkdir never comes back from here.
test.skipIf(process.platform !== 'linux')('a place that takes no folders is told', async () => {
  await expect(makeFolder('/proc/photos/library')).rejects.toMatchObject({ code: 'ENOENT' })
})
