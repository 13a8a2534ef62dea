import { chmod, mkdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openLibrary, requireLibrary } from '../../../cli/session/open-library.ts'
import { findLibrary, libraryPaths } from '../../../embedded/library.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

/** However long this machine takes to open a library, it is waited for, and looked at again in the next turn. */
const patient = { clock: { elapsed: () => 0, delay: () => setImmediate() } }

test('runs that open one library at the same time all reach it', async () => {
  const folder = join(await temporaryFolder(), 'library')
  const opened = await Promise.all([1, 2, 3].map(() => openLibrary(folder, () => {}, patient)))
  expect(new Set(opened.map((library) => library.url)).size).toBe(1)
  for (const { url, accessToken } of opened) {
    const answer = await fetch(`${url}/v1/usage`, { headers: { authorization: `Bearer ${await accessToken()}` } })
    expect(answer.status).toBe(200)
  }
  await Promise.all(opened.map((library) => library.close()))
})

test('a folder without a library is not made one by looking for it', async () => {
  const folder = await temporaryFolder()
  await expect(requireLibrary(folder)).rejects.toMatchObject({ exitCode: 10, message: `there is no library in ${folder}` })
  await (await openLibrary(folder, () => {})).close()
  await requireLibrary(folder)
})

test.each([
  ['damaged', '{"version":1'],
  ['of a later release', '{"version":2}'],
  ['missing', undefined],
])('an identity that is %s is told, and never replaced by a new one', async (_, text) => {
  const folder = await temporaryFolder()
  await (await openLibrary(folder, () => {})).close()
  const { identity } = libraryPaths(folder)
  if (text === undefined) await rm(identity)
  else await writeFile(identity, text)
  await expect(openLibrary(folder, () => {})).rejects.toMatchObject({
    exitCode: 5,
    message: expect.stringContaining('library.json'),
  })
  expect(await readFile(identity, 'utf8').catch(() => undefined)).toBe(text)
})

test('a library without its index is another remote, so that nothing is taken for stored that is not indexed', async () => {
  const folder = await temporaryFolder()
  await (await openLibrary(folder, () => {})).close()
  const before = await findLibrary(folder)
  await rm(libraryPaths(folder).index, { recursive: true })
  await (await openLibrary(folder, () => {})).close()
  const after = await findLibrary(folder)
  expect(after).toEqual({ ...before, remoteId: expect.not.stringMatching(before?.remoteId ?? '') })
})

test.each(['queue', 'index', 's3/records'])('a damaged database (%s) is told, not thrown', async (name) => {
  const folder = await temporaryFolder()
  await (await openLibrary(folder, () => {})).close()
  await truncate(join(libraryPaths(folder).own, name, 'CURRENT'))
  await expect(openLibrary(folder, () => {})).rejects.toMatchObject({ name: 'UserError', exitCode: 5 })
})

test('a library that is made is for its user alone; a folder that is there stays as open as it is', async () => {
  const modeOf = async (path: string) => (await stat(path)).mode & 0o777
  const parent = await temporaryFolder()
  const [made, there] = [join(parent, 'made'), join(parent, 'there')]
  await mkdir(there)
  await chmod(there, 0o755)
  for (const folder of [made, there]) await (await openLibrary(folder, () => {})).close()
  expect([await modeOf(made), await modeOf(there)]).toEqual([0o700, 0o755])
  expect([await modeOf(libraryPaths(made).own), await modeOf(libraryPaths(there).own)]).toEqual([0o700, 0o700])
})

test('a link that leads round in a circle is told, not thrown', async () => {
  const folder = join(await temporaryFolder(), 'round')
  await symlink('round', folder)
  await expect(openLibrary(folder, () => {})).rejects.toMatchObject({
    exitCode: 5,
    message: `the library folder ${folder} is a symbolic link that leads round in a circle`,
    hint: 'choose another folder with --library DIR',
  })
})
