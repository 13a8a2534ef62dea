import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bytePathOf } from '../../../cli/byte-path.ts'
import { requireQuarantine } from '../../../cli/free-up/quarantine-folder.ts'
import { receiptsName } from '../../../cli/free-up/receipts.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

test.each([
  ['aside', undefined],
  ['not/there/yet', undefined],
  ['camera2', undefined],
  ['camera', 'lies in'],
  ['camera/aside', 'lies in'],
  ['camera/not/there/yet', 'lies in'],
  ['link/aside', 'lies in'],
  ['.', 'into which its files are to be moved'],
  ['library', 'is, or lies in, a library'],
  ['library/aside', 'is, or lies in, a library'],
  ['other/aside', 'is, or lies in, a library'],
  ['not-there-library/aside', 'is, or lies in, a library'],
  ['data', 'the library in'],
  ['file', 'is not a folder'],
  ['file/aside/more', 'file is not a folder'],
  ['earlier', undefined],
  ['earlier/camera', 'into which files were moved aside'],
  ['earlier/not/there/yet', 'into which files were moved aside'],
  ['bills/aside', undefined],
])('a quarantine in %s: %s', async (to, refusal) => {
  const root = await temporaryFolder()
  for (const folder of ['camera', 'aside', 'earlier/camera', 'bills', 'data/library/.photos', 'other/.photos'])
    await mkdir(join(root, folder), { recursive: true })
  await writeFile(join(root, 'other/.photos/library.json'), '{}')
  await writeFile(join(root, 'file'), '')
  await writeFile(join(root, 'earlier', receiptsName), '{"event":"moving","time":"2026-11-23T12:00:00.000Z"')
  await writeFile(join(root, 'bills', receiptsName), '{"shop":"the baker"}\n')
  await symlink(join(root, 'camera'), join(root, 'link'))
  await symlink(join(root, 'data/library'), join(root, 'library'))
  const library = to.startsWith('not-there-library') ? 'not-there-library' : 'data/library'
  const ask = () => requireQuarantine(join(root, to), [bytePathOf(join(root, 'camera'))], join(root, library))
  if (refusal === undefined) expect(ask()).toBe(join(root, to))
  else expect(ask).toThrow(expect.objectContaining({ exitCode: 2, message: expect.stringContaining(refusal) }))
})
