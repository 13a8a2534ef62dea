import { mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { TransferError, UserError } from '../../../cli/errors.ts'
import { openLocalState } from '../../../cli/state/local-state.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { createRemoteInMemory, hashOf } from './remote-in-memory.ts'
import { onlyOwner, runSync } from './run-sync.ts'

const large = Buffer.alloc(1000, 'abcdefghij')

/** A folder with a large file of which some parts are at the remote, as a run leaves it behind that was broken off. */
async function brokenOff() {
  const stateFolder = await temporaryFolder()
  const dcim = join(stateFolder, 'DCIM')
  const path = join(dcim, '100', 'MVI_1.MOV')
  await mkdir(join(dcim, '100'), { recursive: true })
  await writeFile(path, large)
  await writeFile(join(dcim, '100', 'IMG_1.JPG'), 'photo')
  const backend = createRemoteInMemory({ partSizeBytes: 300 })
  let parts = 0
  backend.faults.beforeSend = (contentHash) => {
    if (contentHash === hashOf(large) && ++parts > 2) throw new TransferError('the wire broke')
  }
  const sync = (paths = [dcim]) => runSync(paths, { ...backend, stateFolder })
  expect((await sync()).counts).toEqual({ uploaded: 1, failed: 1 })
  backend.faults.beforeSend = () => {}
  backend.calls.length = 0
  const begun = async () =>
    JSON.parse(await readFile(join(stateFolder, 'state', `in-memory.${onlyOwner}-v2-uploads.json`), 'utf8'))
  const abandoned = () => backend.calls.filter(({ name }) => name === 'abandon').length
  expect(await begun()).toMatchObject([{ contentHash: hashOf(large), path, sizeBytes: 1000, partSizeBytes: 300 }])
  return { ...backend, stateFolder, dcim, path, sync, begun, abandoned }
}

test('what is still there is gone on with, and the journal is empty once it is backed up', async () => {
  const { sync, begun, abandoned, sentPartNumbers } = await brokenOff()
  expect((await sync()).counts).toEqual({ uploaded: 1, already_stored: 1 })
  expect(sentPartNumbers.toSorted()).toEqual([1, 2, 3, 4])
  expect([await begun(), abandoned()]).toEqual([[], 0])
})

test('a file that has moved is gone on with', async () => {
  const { sync, begun, abandoned, sentPartNumbers, dcim, path } = await brokenOff()
  await rename(path, join(dcim, 'renamed.MOV'))
  expect((await sync()).counts).toEqual({ uploaded: 1, already_stored: 1 })
  expect(sentPartNumbers.toSorted()).toEqual([1, 2, 3, 4])
  expect([await begun(), abandoned()]).toEqual([[], 0])
})

test('the upload of a file that was deleted is given up', async () => {
  const { sync, begun, abandoned, uploads, path } = await brokenOff()
  await rm(path)
  expect((await sync()).counts).toEqual({ already_stored: 1 })
  expect([await begun(), abandoned(), uploads.size]).toEqual([[], 1, 0])
  await sync()
  expect(abandoned()).toBe(1)
})

test('the upload of bytes that have been replaced is given up', async () => {
  const { sync, begun, abandoned, uploads, path } = await brokenOff()
  await writeFile(path, 'other bytes')
  expect((await sync()).counts).toEqual({ uploaded: 1, already_stored: 1 })
  expect([await begun(), abandoned(), uploads.has(hashOf(large))]).toEqual([[], 1, false])
})

test('a run that does not look there gives nothing up', async () => {
  const { sync, begun, abandoned, dcim, path } = await brokenOff()
  await rm(path)
  await mkdir(join(dcim, '101'))
  await sync([join(dcim, '101')])
  expect([(await begun()).length, abandoned()]).toEqual([1, 0])
})

test('nothing is given up of a source that may be a bare mount point, whatever else lies in it', async () => {
  const { sync, begun, abandoned, dcim, path } = await brokenOff()
  await rm(path)
  await rm(join(dcim, '100', 'IMG_1.JPG'))
  await writeFile(join(dcim, '100', 'NOT_MOUNTED.txt'), 'mount me')
  const { events } = await sync()
  expect(events).toContainEqual(expect.objectContaining({ kind: 'incomplete', exitCode: 4 }))
  expect([(await begun()).length, abandoned()]).toEqual([1, 0])
})

test('nothing is given up where a disk may not be mounted', async () => {
  const { sync, begun, abandoned, dcim } = await brokenOff()
  await rename(join(dcim, '100'), join(dcim, '..', 'elsewhere'))
  await mkdir(join(dcim, '100'))
  await sync()
  expect([(await begun()).length, abandoned()]).toEqual([1, 0])
})

test('a file that is reached through a link is there', async () => {
  const { sync, begun, abandoned, dcim, path } = await brokenOff()
  await rename(path, join(dcim, '..', 'elsewhere.MOV'))
  await symlink(join(dcim, '..', 'elsewhere.MOV'), path)
  await sync()
  expect([(await begun()).length, abandoned()]).toEqual([1, 0])
})

test('a file that cannot be sent today is no reason to give up', async () => {
  const { sync, begun, abandoned, faults } = await brokenOff()
  faults.beforeSend = () => {
    throw new TransferError('the wire broke again')
  }
  expect((await sync()).counts).toMatchObject({ failed: 1 })
  expect([(await begun()).length, abandoned()]).toEqual([1, 0])
})

test('a large original that could not be sent need not be hashed again', async () => {
  const { stateFolder, remote, path, sync, faults } = await brokenOff()
  faults.beforeSend = () => {
    throw new TransferError('the wire broke again')
  }
  await sync()
  const { remoteId } = remote.configuration
  const state = await openLocalState(join(stateFolder, 'state'), { remoteId, owner: onlyOwner, origin: undefined })
  const remembered = await state.findRecords(dirname(path), basename(path), basename(path))
  await state.close()
  expect(remembered.get(basename(path))?.contentHash).toBe(hashOf(large))
})

test('what another machine is sending, or the remote cannot give up now, is asked about again', async () => {
  const { sync, begun, remote, path } = await brokenOff()
  await rm(path)
  const answers = [
    async () => [{ kind: 'in-use' as const, contentHash: hashOf(large) }],
    async () => Promise.reject(new UserError('the remote has its day off', { exitCode: 5, hint: 'wait' })),
  ]
  const abandonUploads = remote.abandonUploads
  remote.abandonUploads = (...asked) => (answers.shift() ?? (() => abandonUploads(...asked)))()
  const left: number[] = []
  const notes: string[] = []
  for (let run = 0; run < 3; run += 1) {
    notes.push(...(await sync()).notes)
    left.push((await begun()).length)
  }
  expect(left).toEqual([1, 1, 0])
  expect(notes).toEqual(['large uploads that were broken off could not be tidied up yet: the remote has its day off'])
})

test('a large original is in the journal before its first part leaves', async () => {
  const { sync, begun, faults, path } = await brokenOff()
  await writeFile(path, Buffer.alloc(900, 'other'))
  await utimes(path, 1_600_000_000, 1_600_000_000)
  const known: unknown[] = []
  faults.beforeSend = async () => void known.push(await begun())
  await sync()
  const [first] = known
  expect(first).toContainEqual(
    expect.objectContaining({ contentHash: hashOf(Buffer.alloc(900, 'other')), mtimeMs: 1_600_000_000_000 }),
  )
})
