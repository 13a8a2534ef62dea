import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bytePathOf } from '../../../cli/byte-path.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { createRemoteInMemory } from './remote-in-memory.ts'
import { runSync } from './run-sync.ts'

/** A folder that was backed up whole, and has nothing but a note in it now. */
async function bareMountPoint() {
  const stateFolder = await temporaryFolder()
  const dcim = join(stateFolder, 'DCIM')
  await mkdir(dcim)
  await writeFile(join(dcim, 'a.jpg'), 'a')
  const backend = createRemoteInMemory()
  await runSync([dcim], { ...backend, stateFolder })
  await rm(join(dcim, 'a.jpg'))
  await writeFile(join(dcim, 'NOT_MOUNTED.txt'), 'mount me')
  return { dcim, stateFolder, backend }
}

test.each([
  ['all of it', () => undefined],
  ['an empty list', () => []],
  ['a list whose paths are gone', (dcim: string) => [bytePathOf(join(dcim, 'a.jpg'))]],
])('a run over %s of a source without photos is incomplete', async (_name, listedOf) => {
  const { dcim, stateFolder, backend } = await bareMountPoint()
  const { events } = await runSync([dcim], { ...backend, stateFolder, listed: listedOf(dcim) })
  expect(events).toContainEqual({
    kind: 'incomplete',
    exitCode: 4,
    message: expect.stringMatching(/DCIM has no photos or videos any more, and had 1 of them on .+; is its disk mounted\?/),
  })
})
