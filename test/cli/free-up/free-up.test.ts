import { randomBytes } from 'node:crypto'
import { link, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { receiptsName } from '../../../cli/free-up/receipts.ts'
import { contentHashSchema } from '../../../contract/content-hash.ts'
import { listTree, readTree, writeTree } from '../../whole-path/tree.ts'
import { openWorkbench, type Workbench } from './free-up-in-test.ts'

const nothingIsLeft =
  'no photo is left in the folder: where this machine has backed it up before, its next sync ends with exit code 4, unless --allow-empty says once that this is meant'
const clip = () => randomBytes(20_000)

test('what is backed up is moved with its sidecars, bit for bit, and a receipt tells of each file', async () => {
  const bench = await openWorkbench({ '2021/MVI_1.MP4': clip(), '2021/MVI_1.xmp': '<x:xmpmeta/>', 'day ü/MVI_2.MP4': clip() })
  const tree = await readTree(bench.folder)
  await bench.sync()
  const { outcomes, files, notes } = await bench.freeUp()
  expect(outcomes).toEqual({ '2021/MVI_1.MP4': 'moved', '2021/MVI_1.xmp': 'moved', 'day ü/MVI_2.MP4': 'moved' })
  expect(await readTree(join(bench.quarantine, 'camera'))).toEqual(tree)
  expect(await listTree(bench.folder)).toEqual([])
  expect((await readdir(bench.folder)).sort()).toEqual(['2021', 'day ü']) // empty folders stay
  expect((await readdir(bench.quarantine)).sort()).toEqual(['camera', receiptsName])

  const [moving, moved, ...others] = await receiptsOf(bench)
  const first = {
    time: '2026-11-23T12:00:00.000Z',
    from: join(bench.folder, '2021/MVI_1.MP4'),
    to: join(bench.quarantine, 'camera/2021/MVI_1.MP4'),
    content_hash: files[0]?.contentHash,
    size_bytes: 20_000,
    remote_id: bench.library.backend.identity.remoteId,
    verified_at: expect.stringMatching(/^20\d\d-.*Z$/),
  }
  expect(moving).toEqual({ event: 'moving', ...first })
  expect(moved).toEqual({ event: 'moved', ...first })
  expect(others).toHaveLength(4)
  expect(notes).toEqual([
    `to have them back: cp -an ${bench.quarantine}/camera/. ${bench.folder}/ (receipts.jsonl there tells of each one)`,
    `they still take their space; when you are sure, delete them yourself: rm -r ${bench.quarantine}`,
    nothingIsLeft,
  ])
})

test('what is not backed up, or no photo, stays and is named', async () => {
  const bench = await openWorkbench({ 'MVI_1.MP4': clip(), 'notes.txt': 'bread, milk' })
  await bench.sync()
  await writeTree(bench.folder, { 'MVI_2.MP4': clip() })
  const { outcomes } = await bench.freeUp()
  expect(outcomes).toEqual({
    'MVI_1.MP4': 'moved',
    'MVI_2.MP4': 'failed: not backed up',
    'notes.txt': 'failed: not a photo, video or sidecar, and so not backed up',
  })
  expect(await listTree(bench.folder)).toEqual(['MVI_2.MP4', 'notes.txt'])
})

test('the backend reads the originals now: what it cannot vouch for stays, whatever it said before', async () => {
  const bench = await openWorkbench({ 'a.MP4': clip(), 'b.MP4': clip(), 'c.MP4': clip(), 'd.MP4': clip() })
  const hashes = [...(await readTree(bench.folder)).values()].map(({ contentHash }) => contentHashSchema.parse(contentHash))
  await bench.sync()
  const originals = join(bench.libraryFolder, 'originals', bench.library.backend.identity.owner)
  await writeFile(join(originals, `${hashes[0]}.mp4`), Buffer.alloc(20_000))
  await rm(join(originals, `${hashes[1]}.mp4`))
  await bench.library.remote.trash(hashes.slice(2, 3))
  const { outcomes, files } = await bench.freeUp()
  expect(outcomes).toEqual({
    'a.MP4': 'failed: the stored bytes are not those of its content hash',
    'b.MP4': 'failed: the storage does not have it any more',
    'c.MP4': `failed: deleted from the backup by you; to bring it back: photos trash restore ${hashes[2]}`,
    'd.MP4': 'moved',
  })
  expect(files.map(({ storedBytesDiffer }) => storedBytesDiffer)).toEqual([true, true, undefined, undefined])
  expect(await listTree(bench.folder)).toEqual(['a.MP4', 'b.MP4', 'c.MP4'])
})

test('an original in an archive cannot be read now, and its file stays', async () => {
  const bench = await openWorkbench({ 'a.MP4': clip() }, { variables: { PHOTOS_STORAGE_CLASS: 'DEEP_ARCHIVE' } })
  await bench.sync()
  const { outcomes } = await bench.freeUp()
  expect(outcomes).toEqual({ 'a.MP4': 'failed: its original lies in the archive, where it cannot be read now' })
  expect(await listTree(bench.folder)).toEqual(['a.MP4'])
})

test('a file is read anew: other bytes of the same length and time are not taken for those that were backed up', async () => {
  const bench = await openWorkbench({ 'a.MP4': clip() })
  await bench.sync()
  const path = join(bench.folder, 'a.MP4')
  const { atime, mtime } = await stat(path)
  await writeFile(path, clip())
  await utimes(path, atime, mtime)
  expect((await bench.freeUp()).outcomes).toEqual({ 'a.MP4': 'failed: not backed up' })
})

test('a file that changes while the backend reads its original stays, with its new bytes', async () => {
  const bench = await openWorkbench({ 'a.MP4': clip(), 'b.MP4': clip() })
  await bench.sync()
  const { remote } = bench.library
  const changing = {
    ...remote,
    beginVerification: async (...asked: Parameters<typeof remote.beginVerification>) => {
      await writeFile(join(bench.folder, 'a.MP4'), 'edited')
      return await remote.beginVerification(...asked)
    },
  }
  const { outcomes } = await bench.freeUp({ remote: changing })
  expect(outcomes).toEqual({ 'a.MP4': 'failed: changed while it was read; run again', 'b.MP4': 'moved' })
  expect(await readFile(join(bench.folder, 'a.MP4'), 'utf8')).toBe('edited')
})

test('nothing in the quarantine is overwritten: other bytes of the same name get another one', async () => {
  const bench = await openWorkbench({ 'a.MP4': clip() })
  await bench.sync()
  const { files } = await bench.freeUp()
  await writeTree(bench.folder, { 'a.MP4': clip() })
  await bench.sync()
  const second = await bench.freeUp()
  expect(second.outcomes).toEqual({ 'a.MP4': 'moved' })
  const [, other] = second.files[0]?.contentHash?.match(/^(.{8})/) ?? []
  const kept = await readTree(join(bench.quarantine, 'camera'))
  expect([...kept.keys()]).toEqual([`a (${other}).MP4`, 'a.MP4'])
  expect(kept.get('a.MP4')?.contentHash).toBe(files[0]?.contentHash)
})

test('symbolic links stay; a file with other names elsewhere is moved', async () => {
  const bench = await openWorkbench({ 'a.MP4': clip() })
  const elsewhere = join(bench.folder, '..', 'elsewhere.MP4')
  await link(join(bench.folder, 'a.MP4'), elsewhere)
  await symlink(elsewhere, join(bench.folder, 'b.MP4'))
  await bench.sync()
  expect((await bench.freeUp()).outcomes).toEqual({
    'a.MP4': 'moved',
    'b.MP4': 'skipped: a symbolic link; it is not followed',
  })
  expect(await listTree(bench.folder)).toEqual(['b.MP4'])
  expect((await stat(elsewhere)).size).toBe(20_000)
})

test('of a file with two names in the folder both are moved', async () => {
  const bench = await openWorkbench({ 'a.MP4': clip(), 'c.MP4': clip() })
  await link(join(bench.folder, 'a.MP4'), join(bench.folder, 'b.MP4'))
  await mkdir(join(bench.folder, 'later'))
  await link(join(bench.folder, 'a.MP4'), join(bench.folder, 'later/a.MP4'))
  await bench.sync()
  const { outcomes } = await bench.freeUp()
  expect(outcomes).toEqual({ 'a.MP4': 'moved', 'b.MP4': 'moved', 'c.MP4': 'moved', 'later/a.MP4': 'moved' })
  expect(await listTree(bench.folder)).toEqual([])
})

test('a file that changes while its original is read stays also where its size and time are as before', async () => {
  const bench = await openWorkbench({ 'a.MP4': clip() })
  await bench.sync()
  const { remote } = bench.library
  const path = join(bench.folder, 'a.MP4')
  const changing = {
    ...remote,
    beginVerification: async (...asked: Parameters<typeof remote.beginVerification>) => {
      const { atime, mtime } = await stat(path)
      await writeFile(path, clip())
      await utimes(path, atime, mtime)
      return await remote.beginVerification(...asked)
    },
  }
  expect((await bench.freeUp({ remote: changing })).outcomes).toEqual({ 'a.MP4': 'failed: changed while it was read; run again' })
  expect(await listTree(bench.folder)).toEqual(['a.MP4'])
})

test('a dry run reads and verifies, moves nothing and makes no quarantine', async () => {
  const bench = await openWorkbench({ 'a.MP4': clip() })
  await bench.sync()
  await writeTree(bench.folder, { 'b.MP4': clip() })
  const { outcomes, notes } = await bench.freeUp({ dryRun: true })
  expect(outcomes).toEqual({ 'a.MP4': 'would_move', 'b.MP4': 'failed: not backed up' })
  expect(notes).toEqual([])
  await expect(stat(bench.quarantine)).rejects.toThrow('ENOENT')
})

test('only files that were last changed before the given moment, with their sidecars, whenever these were changed', async () => {
  const bench = await openWorkbench({ 'a.MP4': clip(), 'b.MP4': clip(), 'a.xmp': '<x:xmpmeta/>' })
  await bench.sync()
  const { mtimeMs } = await stat(join(bench.folder, 'b.MP4'))
  const { outcomes, notes } = await bench.freeUp({ selection: { modifiedBeforeMs: mtimeMs } })
  expect(outcomes).toEqual({ 'a.MP4': 'moved', 'a.xmp': 'moved' })
  expect(notes[0]).toBe('left out: 1 by filters')
})

test('that no photo is left is said also where something else is', async () => {
  const bench = await openWorkbench({ 'a.MP4': clip(), 'readme.txt': 'what is in here' })
  await symlink('a.MP4', join(bench.folder, 'link.MP4'))
  await bench.sync()
  expect((await bench.freeUp()).notes).toContain(nothingIsLeft)
})

test('that no photo is left is not said where one was not looked at', async () => {
  const bench = await openWorkbench({ 'a.MP4': clip(), 'b.MP4': clip() })
  await utimes(join(bench.folder, 'a.MP4'), 1, 1)
  await bench.sync()
  const { outcomes, notes } = await bench.freeUp({ selection: { modifiedBeforeMs: 5000 } })
  expect(outcomes).toEqual({ 'a.MP4': 'moved' })
  expect(notes).not.toContain(nothingIsLeft)
})

test('two runs into one quarantine get into each other’s way in words only', async () => {
  const bench = await openWorkbench({ 'a.MP4': clip() })
  await bench.sync()
  await mkdir(join(bench.quarantine, '.photos-free-up'), { recursive: true })
  const results = await Promise.allSettled([bench.freeUp(), bench.freeUp()])
  const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  expect(refused).toMatchObject([{ exitCode: 11, message: expect.stringMatching(/^another free-up into .* is running/) }])
  expect(await listTree(join(bench.quarantine, 'camera'))).toEqual(['a.MP4'])
})

test('a full disk ends the run, and every file is whole where it was', async () => {
  const bench = await openWorkbench({ 'a.MP4': clip(), 'b.MP4': clip() })
  const tree = await readTree(bench.folder)
  await bench.sync()
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC', syscall: 'link' })
  const hardLink = () => {
    throw full
  }
  await expect(bench.freeUp({ hardLink })).rejects.toMatchObject({
    exitCode: 3,
    message: `no space left in ${bench.quarantine}`,
  })
  expect(await readTree(bench.folder)).toEqual(tree)
  expect((await bench.freeUp()).outcomes).toEqual({ 'a.MP4': 'moved', 'b.MP4': 'moved' })
})

test.each([
  ['a folder has the name of its receipts', (quarantine: string) => mkdir(join(quarantine, receiptsName))],
  ['its receipts are a link to nowhere', (quarantine: string) => symlink('/not/there', join(quarantine, receiptsName))],
  ['a file has the name of its folder', (quarantine: string) => writeFile(join(quarantine, '.photos-free-up'), '')],
])('a quarantine that cannot be written to is told in words: %s', async (_, spoil) => {
  const bench = await openWorkbench({ 'a.MP4': clip() })
  await bench.sync()
  await mkdir(bench.quarantine)
  await spoil(bench.quarantine)
  await expect(bench.freeUp()).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining(`cannot write into ${bench.quarantine}: `),
  })
  expect(await listTree(bench.folder)).toEqual(['a.MP4'])
})

test('names that are not UTF-8 are moved under their own bytes, which the receipt has', async () => {
  const bench = await openWorkbench({})
  const name = Buffer.from(`${bench.folder}/caf\xe9.MP4`, 'latin1')
  await writeFile(name, clip())
  await bench.sync()
  await bench.freeUp()
  expect(await listTree(join(bench.quarantine, 'camera'))).toEqual(['caf\xe9.MP4'])
  const [receipt] = await receiptsOf(bench)
  expect(receipt).toMatchObject({ from: `${bench.folder}/caf\ufffd.MP4`, from_bytes: name.toString('base64') })
})

async function receiptsOf({ quarantine }: Workbench): Promise<readonly unknown[]> {
  const lines = (await readFile(join(quarantine, receiptsName), 'utf8')).split('\n')
  expect(lines.pop()).toBe('')
  return lines.map((line) => JSON.parse(line))
}
