import { mkdir, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import type { ScannedFile } from '../../../cli/sync/scan.ts'
import { createSettlingFolders } from '../../../cli/sync/settling-folders.ts'
import type { SyncOptions } from '../../../cli/sync/sync.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { createRemoteInMemory, type RemoteInMemory } from './remote-in-memory.ts'
import { clockAhead, type Run, runSync } from './run-sync.ts'

let backend: RemoteInMemory
let folder: string
let stateFolder: string
beforeEach(async () => {
  backend = createRemoteInMemory()
  stateFolder = await temporaryFolder()
  folder = join(stateFolder, 'DCIM')
  await mkdir(join(folder, 'sub'), { recursive: true })
  for (const name of ['a.jpg', 'b.jpg', 'sub/c.jpg']) await writeFile(join(folder, name), `bytes of ${name}`)
})

const run = (options: Partial<SyncOptions> = {}): Promise<Run> =>
  runSync([folder], { ...backend, stateFolder, countsUnchanged: true, ...options })

/** How many files were told as unchanged without their records, and how many one by one. */
function toldBy({ events, outcomes }: Run) {
  return {
    together: events.reduce((sum, event) => sum + (event.kind === 'unchanged' ? event.files : 0), 0),
    alone: outcomes.length,
  }
}

test('a folder is told by its digest as soon as all of it is stored', async () => {
  expect(toldBy(await run())).toEqual({ together: 0, alone: 3 })
  expect(toldBy(await run())).toEqual({ together: 3, alone: 0 })
  expect(toldBy(await run({ countsUnchanged: false }))).toEqual({ together: 0, alone: 3 })
  expect(toldBy(await run())).toEqual({ together: 3, alone: 0 })
})

test('files that were stored one by one settle a folder, too', async () => {
  await run({ countsUnchanged: false })
  expect(toldBy(await run())).toEqual({ together: 0, alone: 3 })
  expect(toldBy(await run())).toEqual({ together: 3, alone: 0 })
})

test('a folder of which one file is not stored is read again, as often as that is so', async () => {
  await writeFile(join(folder, 'note.txt'), 'no photo')
  const { maximumOriginalSizeBytes } = backend.remote.configuration
  const large = join(folder, 'sub', 'large.jpg')
  await writeFile(large, '')
  await truncate(large, maximumOriginalSizeBytes + 1)
  for (let runs = 0; runs < 3; runs += 1) expect(toldBy(await run())).toEqual({ together: 0, alone: 5 })
  await rm(large)
  await run()
  expect(toldBy(await run())).toEqual({ together: 1, alone: 3 })
})

test('a file that was written just now may be written again in the same moment: its folder is not settled', async () => {
  const old = new Date('2020-01-01')
  await run()
  for (const name of ['a.jpg', 'b.jpg', 'sub/c.jpg']) await utimes(join(folder, name), old, old) // the ctime is that of now
  // However long the runs take, they see the files in that moment.
  const { ctimeMs } = await stat(join(folder, 'sub/c.jpg'))
  const clock = { ...clockAhead(), now: () => ctimeMs }
  expect(toldBy(await run({ clock })).together).toBe(0)
  expect(toldBy(await run()).together).toBe(0)
  expect(toldBy(await run()).together).toBe(3)
})

test('of folders that wait for more than can be waited for, those that waited longest are given up', async () => {
  const kept: string[] = []
  const folders = createSettlingFolders({ put: async (path) => void kept.push(path) })
  const files = Array.from({ length: 1002 }, (_, index) => fileIn(`/${index}`))
  for (const file of files) {
    const settling = folders.enter(file.folder.path)
    settling.expect([file])
    await settling.complete([Buffer.from('digest')])
  }
  await folders.confirmed([fileIn('/1001')]) // one that looks the same, and is not the one that was expected
  expect(kept).toEqual([])
  await folders.confirmed(files)
  expect(kept).toEqual(files.slice(2).map(({ folder: { path } }) => path))
})

function fileIn(path: string): ScannedFile {
  const fingerprint = { device: 1, inode: 1, sizeBytes: 1, mtimeMs: 0, ctimeMs: 0 }
  return { folder: { path, location: path, shown: path }, name: 'a.jpg', fingerprint, seenAtMs: 10_000 }
}

test.each([
  ['choose files', { selection: { exclude: ['b.jpg'] } }],
  ['take hidden names', { selection: { takesHidden: true } }],
  ['hold files back', { isHeldBack: () => false }],
])('runs that %s read the records, and leave the digests of others alone', async (_, options) => {
  for (let runs = 0; runs < 3; runs += 1) await run()
  expect(toldBy(await run(options)).together).toBe(0)
  expect(toldBy(await run())).toEqual({ together: 3, alone: 0 })
})

test('sizes are added up just the same', async () => {
  for (let runs = 0; runs < 3; runs += 1) await run()
  const { events } = await run()
  const sizes = events.flatMap((event) =>
    event.kind === 'unchanged' || event.kind === 'found' ? [[event.kind, event.sizeBytes]] : [],
  )
  expect(sizes).toEqual([
    ['found', 28],
    ['unchanged', 28],
    ['found', 18],
    ['unchanged', 18],
  ])
})

test.each([
  ['new', async () => await writeFile(join(folder, 'd.jpg'), 'new'), 1],
  ['edited', async () => await writeFile(join(folder, 'b.jpg'), 'other bytes'), 1],
  ['touched', async () => await utimes(join(folder, 'b.jpg'), 1e9, 1e9), 0],
  ['renamed', async () => await rename(join(folder, 'b.jpg'), join(folder, 'z.jpg')), 0],
  ['removed', async () => await rm(join(folder, 'b.jpg')), 0],
])('one file of it is %s: its records are read, those of other folders are not', async (_, change, uploaded) => {
  for (let runs = 0; runs < 3; runs += 1) await run()
  await change()
  const changed = await run()
  expect(toldBy(changed).together).toBe(1)
  expect(changed.counts['uploaded'] ?? 0).toBe(uploaded)
  await run()
  expect(toldBy(await run()).alone).toBe(0)
})

test('bytes that changed under the same size and modification time are found', async () => {
  for (let runs = 0; runs < 3; runs += 1) await run()
  const path = join(folder, 'b.jpg')
  const { atime, mtime } = await stat(path)
  await writeFile(path, 'BYTES of b.jpg')
  await utimes(path, atime, mtime)
  expect((await run()).counts['uploaded']).toBe(1)
})

test('a folder of which a file failed is read again', async () => {
  for (let runs = 0; runs < 3; runs += 1) await run()
  await writeFile(join(folder, 'b.jpg'), 'other bytes')
  backend.faults.beforeBegin = () => {
    throw new Error('in test')
  }
  await expect(run()).rejects.toThrow('in test')
  delete backend.faults.beforeBegin
  expect((await run()).counts['uploaded']).toBe(1)
})

test('synced from higher up, the same files have other locations', async () => {
  for (let runs = 0; runs < 3; runs += 1) await run()
  const higher = await runSync([stateFolder], { ...backend, stateFolder, countsUnchanged: true, selection: {} })
  expect(higher.outcomes.filter(({ path }) => path.endsWith('.jpg')).length).toBe(3)
})

test('a folder of more files than are looked at in one go', async () => {
  for (let index = 0; index < 1200; index += 1)
    await writeFile(join(folder, `many${String(index).padStart(4, '0')}.jpg`), `${index}`)
  for (let runs = 0; runs < 2; runs += 1) await run()
  expect(toldBy(await run())).toEqual({ together: 1203, alone: 0 })
  await rm(join(folder, 'many1199.jpg'))
  expect(toldBy(await run())).toEqual({ together: 1001, alone: 201 })
  for (let index = 998; index < 1199; index += 1) await rm(join(folder, `many${String(index).padStart(4, '0')}.jpg`))
  // What is left ends where the second batch ended: that more had been there is not overlooked.
  await run()
  expect(toldBy(await run())).toEqual({ together: 1001, alone: 0 })
})
