import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bytePathOf } from '../../../cli/byte-path.ts'
import type { Remote } from '../../../cli/remote/remote.ts'
import { openLocalState } from '../../../cli/state/local-state.ts'
import type { SyncOptions } from '../../../cli/sync/sync.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { createRemoteInMemory, hashOf } from './remote-in-memory.ts'
import { onlyOwner, runSync } from './run-sync.ts'

interface Card {
  readonly dcim: string
  readonly stateFolder: string
  /** Runs a sync. Resolves with what it told of as gone: paths, and whose bytes lie there now. */
  sync(options?: Partial<SyncOptions>, path?: string): Promise<readonly string[]>
}

async function cardWith(files: Readonly<Record<string, string>>): Promise<Card> {
  const stateFolder = await temporaryFolder()
  const dcim = join(stateFolder, 'DCIM')
  for (const [path, content] of Object.entries(files)) await write(join(dcim, path), content)
  const backend = createRemoteInMemory()
  return {
    dcim,
    stateFolder,
    async sync(options = {}, path = dcim) {
      const gone: string[] = []
      const remote: Remote = {
        ...backend.remote,
        confirm: async (photos, callOptions) => {
          for (const { path, replacedBy } of photos.flatMap(({ gone = [] }) => gone))
            gone.push(replacedBy ? `${path} replaced` : path)
          return await backend.remote.confirm(photos, callOptions)
        },
      }
      // As most people run it: what has not changed is counted, and folders are told by their digests.
      await runSync([path], { ...backend, countsUnchanged: true, ...options, remote, stateFolder })
      return gone.toSorted()
    },
  }
}

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
}

test('what was moved, deleted or edited is told once, and nothing else ever is', async () => {
  const { dcim, sync } = await cardWith({
    'a.jpg': 'a',
    'b.jpg': 'b',
    'c.jpg': 'c',
    'z.jpg': 'z',
    'sub/d.jpg': 'd',
    'sub/deep/e.jpg': 'e',
    'sub-1/f.jpg': 'f',
  })
  expect(await sync()).toEqual([])
  expect(await sync()).toEqual([])
  await rename(join(dcim, 'a.jpg'), join(dcim, 'renamed.jpg'))
  await writeFile(join(dcim, 'b.jpg'), 'edited')
  await rm(join(dcim, 'z.jpg'))
  await rename(join(dcim, 'sub'), join(dcim, 'moved'))
  expect(await sync()).toEqual(['DCIM/a.jpg', 'DCIM/b.jpg replaced', 'DCIM/sub/d.jpg', 'DCIM/sub/deep/e.jpg', 'DCIM/z.jpg'])
  expect(await sync()).toEqual([])
})

test('a folder that was moved as a whole is told of when it is backed up from its new place', async () => {
  const { dcim, stateFolder, sync } = await cardWith({ 'a.jpg': 'a', 'sub/b.jpg': 'b' })
  await sync()
  const moved = join(stateFolder, 'archive', 'DCIM')
  await mkdir(dirname(moved))
  await rename(dcim, moved)
  expect(await sync({}, moved)).toEqual(['DCIM/a.jpg', 'DCIM/sub/b.jpg'])
  expect(await sync({}, moved)).toEqual([])
})

test('a folder that is there and was not named this time is not gone, nor is one whose disk is away', async () => {
  const { dcim, stateFolder, sync } = await cardWith({ 'a.jpg': 'a' })
  const other = join(stateFolder, 'other', 'DCIM')
  await write(join(other, 'b.jpg'), 'b')
  await sync()
  expect(await sync({}, other)).toEqual([])
  await rm(dcim, { recursive: true })
  const state = await openLocalState(join(stateFolder, 'state'), { remoteId: 'in-memory', owner: onlyOwner, origin: undefined })
  const folder = bytePathOf(dcim)
  const record = (await state.findRecords(folder, 'a.jpg', 'a.jpg')).get('a.jpg') ?? expect.fail('no record')
  const elsewhere = { ...record, fingerprint: { ...record.fingerprint, device: 0x7fff_ffff } }
  await state.remember([{ folder, name: 'a.jpg', record: elsewhere }], { durable: true })
  await state.close()
  expect(await sync({}, other)).toEqual([])
})

test('a folder is noticed to have lost its files whichever of them went first', async () => {
  const names = ['a.jpg', 'b.jpg', 'c.jpg']
  for (const order of [names, names.toReversed()]) {
    const { dcim, sync } = await cardWith({
      'kept.jpg': 'kept',
      ...Object.fromEntries(names.map((name) => [`sub/${name}`, name])),
    })
    await sync()
    for (const name of order) {
      await rm(join(dcim, 'sub', name))
      expect(await sync()).toEqual([`DCIM/sub/${name}`])
    }
    expect(await sync()).toEqual([])
  }
})

/** Files that are there and are not backed up any more, among which others vanish. */
const leftOut: readonly (readonly [string, (card: Card, path: string) => Promise<void>])[] = [
  ['ignored', async ({ dcim }, path) => await write(join(dcim, dirname(path), '.photosignore'), `${basename(path)}\n`)],
  ['replaced by a link', async ({ dcim }, path) => await replaceByLink(join(dcim, path))],
]

describe.each([true, false])('where what is unchanged is counted: %s', (countsUnchanged) => {
  describe.each(leftOut)('beside a file that is %s', (_, leaveOut) => {
    test.each(['a.jpg', 'z.jpg'])('the others of its folder are told when they vanish, all of them: %s is left', async (left) => {
      const card = await cardWith({ 'x.jpg': 'x', 'sub/a.jpg': 'a', 'sub/m.jpg': 'm', 'sub/z.jpg': 'z' })
      const { dcim, sync } = card
      await sync({ countsUnchanged })
      await leaveOut(card, `sub/${left}`)
      expect(await sync({ countsUnchanged })).toEqual([])
      const others = ['a.jpg', 'm.jpg', 'z.jpg'].filter((name) => name !== left)
      for (const name of others) await rm(join(dcim, 'sub', name))
      expect(await sync({ countsUnchanged })).toEqual(others.map((name) => `DCIM/sub/${name}`))
      expect(await sync({ countsUnchanged })).toEqual([])
    })

    test('it is told when it vanishes itself, however many runs later', async () => {
      const card = await cardWith({ 'x.jpg': 'x', 'sub/a.jpg': 'a', 'sub/m.jpg': 'm', 'sub/z.jpg': 'z' })
      const { dcim, sync } = card
      await sync({ countsUnchanged })
      await leaveOut(card, 'sub/m.jpg')
      for (let runs = 0; runs < 3; runs += 1) expect(await sync({ countsUnchanged })).toEqual([])
      await rm(join(dcim, 'sub', 'm.jpg'))
      expect(await sync({ countsUnchanged })).toEqual(['DCIM/sub/m.jpg'])
    })
  })

  test('a hidden file that was taken once is told when it vanishes', async () => {
    const { dcim, sync } = await cardWith({ 'x.jpg': 'x', '.h.jpg': 'h' })
    await sync({ countsUnchanged, selection: { takesHidden: true } })
    for (let runs = 0; runs < 2; runs += 1) expect(await sync({ countsUnchanged })).toEqual([])
    await rm(join(dcim, '.h.jpg'))
    expect(await sync({ countsUnchanged })).toEqual(['DCIM/.h.jpg'])
  })
})

async function replaceByLink(path: string): Promise<void> {
  await rm(path)
  await symlink('/nowhere', path)
}

test('a file that is there and was not taken is not gone', async () => {
  const { dcim, sync } = await cardWith({ 'a.jpg': 'a', 'b.jpg': 'b', 'sub/c.jpg': 'c' })
  await sync()
  expect(await sync({ selection: { exclude: ['b.jpg', 'sub'] } })).toEqual([])
  await rm(join(dcim, 'b.jpg'))
  expect(await sync({ listed: [bytePathOf(join(dcim, 'a.jpg'))] })).toEqual([])
  expect(await sync({ dryRun: true })).toEqual([])
  expect(await sync()).toEqual(['DCIM/b.jpg'])
})

test('a source without any file may be a disk that is away; who says that it is not is believed', async () => {
  const { dcim, sync } = await cardWith({ 'a.jpg': 'a' })
  await sync()
  await rm(join(dcim, 'a.jpg'))
  expect(await sync()).toEqual([])
  expect(await sync({ allowsEmpty: true })).toEqual(['DCIM/a.jpg'])
})

test('what was on a disk that is not there is not gone', async () => {
  const { dcim, stateFolder, sync } = await cardWith({ 'a.jpg': 'a', 'disk/.empty': '' })
  await sync()
  const state = await openLocalState(join(stateFolder, 'state'), { remoteId: 'in-memory', owner: onlyOwner, origin: undefined })
  const device = 0x7fff_ffff
  const times = { sizeBytes: 1, mtimeMs: 0, ctimeMs: 0 }
  const contentHash = hashOf(Buffer.from('on the disk'))
  const [folder, name] = [bytePathOf(join(dcim, 'disk')), 'b.jpg']
  const record = { fingerprint: { device, inode: 1, ...times }, contentHash, confirmedLocationBytes: 'DCIM/disk/b.jpg'.length }
  await state.remember([{ folder, name, record }], { durable: true })
  const registration = { folder, contentHash, locationBytes: 'DCIM/disk/c.jpg'.length, device, supersededBy: undefined }
  await state.registrations.put([{ ...registration, name: 'c.jpg' }], { durable: true })
  await state.close()
  expect(await sync()).toEqual([])
})

test('what could not be told is told by the next run', async () => {
  const { dcim, stateFolder, sync } = await cardWith({ 'a.jpg': 'a', 'b.jpg': 'b' })
  await sync()
  await rename(join(dcim, 'a.jpg'), join(dcim, 'c.jpg'))
  const backend = createRemoteInMemory()
  const cut: Remote = {
    ...backend.remote,
    confirm: async (photos, options) => {
      if (photos.some(({ gone }) => gone)) throw new Error('the line is cut')
      return await backend.remote.confirm(photos, options)
    },
  }
  await expect(runSync([dcim], { ...backend, remote: cut, stateFolder })).rejects.toThrow('the line is cut')
  expect(await sync()).toEqual(['DCIM/a.jpg'])
})

test('what went back to its place before anybody was told is not gone', async () => {
  const { dcim, sync } = await cardWith({ 'a.jpg': 'a', 'b.jpg': 'b' })
  await sync()
  await writeFile(join(dcim, 'a.jpg'), 'other')
  expect(await sync()).toEqual(['DCIM/a.jpg replaced'])
  await writeFile(join(dcim, 'a.jpg'), 'a')
  expect(await sync()).toEqual(['DCIM/a.jpg replaced'])
  expect(await sync()).toEqual([])
})

test('of a source in which nothing but a note is left, nothing is told as gone until that is confirmed', async () => {
  const { dcim, sync } = await cardWith({ 'a.jpg': 'a' })
  await sync()
  await rm(join(dcim, 'a.jpg'))
  await write(join(dcim, 'NOT_MOUNTED.txt'), 'mount me')
  for (const _ of [1, 2]) expect(await sync()).toEqual([])
  expect(await sync({ allowsEmpty: true })).toEqual(['DCIM/a.jpg'])
})
