import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bytePathOf } from '../../../cli/byte-path.ts'
import type { SyncOptions } from '../../../cli/sync/sync.ts'
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

describe('a source that is empty when this machine has forgotten what it had', () => {
  const doubt = expect.objectContaining({
    kind: 'incomplete',
    exitCode: 4,
    message: expect.stringMatching(/DCIM is empty, and this machine has forgotten .+; is its disk mounted\?.+ --allow-empty$/),
  })

  async function emptied(forget: (state: string) => Promise<void>) {
    const { dcim, stateFolder, backend } = await bareMountPoint()
    await rm(join(dcim, 'NOT_MOUNTED.txt'))
    await forget(join(stateFolder, 'state'))
    const run = async (options: Partial<SyncOptions> = {}) => await runSync([dcim], { ...backend, stateFolder, ...options })
    return { dcim, run }
  }

  test.each([
    ['lost', async (state: string) => await rm(state, { recursive: true }), []],
    ['damaged', damageCurrent, [expect.stringMatching(/^the local state was damaged /)]],
  ] as const)('(its state was %s) is missing, run after run, until there are photos', async (_, forget, notes) => {
    const { dcim, run } = await emptied(forget)
    const first = await run()
    expect(first.events).toContainEqual(doubt)
    expect(first.notes).toEqual(notes)
    expect((await run()).events).toContainEqual(doubt)
    await writeFile(join(dcim, 'a.jpg'), 'a')
    expect((await run()).events).not.toContainEqual(expect.objectContaining({ kind: 'incomplete' }))
    await rm(join(dcim, 'a.jpg'))
    expect((await run()).events).toContainEqual(
      expect.objectContaining({ exitCode: 4, message: expect.stringContaining('had 1 file on') }),
    )
  })

  test('is believed for good by who says so', async () => {
    const { run } = await emptied(async (state) => await rm(state, { recursive: true }))
    expect((await run({ allowsEmpty: true })).notes).toEqual([expect.stringContaining('there are no files in')])
    expect((await run()).notes).toEqual([expect.stringContaining('there are no files in')])
  })

  test('is just empty where nothing was ever backed up', async () => {
    const stateFolder = await temporaryFolder()
    await mkdir(join(stateFolder, 'DCIM'))
    for (let runs = 0; runs < 2; runs += 1) {
      const { events } = await runSync([join(stateFolder, 'DCIM')], { ...createRemoteInMemory(), stateFolder })
      expect(events).toEqual([{ kind: 'note', message: expect.stringContaining('there are no files in') }])
    }
  })
})

async function damageCurrent(state: string): Promise<void> {
  const database = (await readdir(state)).find((name) => name.endsWith('-v2'))
  await writeFile(join(state, database ?? '', 'CURRENT'), 'rubbish')
}
