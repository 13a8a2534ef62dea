import { rmSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { FileRecord } from '../../../cli/state/file-record.ts'
import { openLocalState } from '../../../cli/state/local-state.ts'
import { contentHashOf } from '../../../contract/content-hash.ts'
import { ownerSchema } from '../../../contract/owner.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { photosUser, summaryOf } from '../../whole-path/photos-process.ts'
import { writeTree } from '../../whole-path/tree.ts'
import { RecordedStream } from '../terminal/recorded-stream.ts'

const key = { remoteId: 'remote', owner: ownerSchema.parse('owner'), origin: undefined }
const durable = { durable: true }

const record: FileRecord = {
  fingerprint: { device: 1, inode: 2, sizeBytes: 3, mtimeMs: 4, ctimeMs: 5 },
  contentHash: contentHashOf(Buffer.alloc(32, 0xa5)),
  confirmedLocationBytes: 30,
}

const few = [{ folder: '/photos', name: 'IMG_1.JPG', record }]
/** More than a log of LevelDB's holds: further ones need a file of their own, which shows that their folder is gone. */
const many = Array.from({ length: 1500 }, (_, index) => ({ folder: '/photos', name: `${index}`.padEnd(4000, '-'), record }))

interface DeletedState {
  readonly folder: string
  readonly path: string
  /** Closes the state, as the run does that has it open. */
  close(): Promise<readonly string[]>
}

/** A state whose folder is deleted in the middle of a run, which goes on. */
async function deletedState(files: typeof few): Promise<DeletedState> {
  const folder = join(await temporaryFolder(), 'photos')
  const path = join(folder, 'remote.owner-v2')
  await mkdir(folder)
  const first = await openLocalState(folder, key)
  await first.remember(few, durable)
  await first.close()
  const state = await openLocalState(folder, key)
  await rm(folder, { recursive: true })
  for (const file of files) await state.remember([file], { durable: false })
  await state.findRecords('/photos', 'a', 'z')
  return {
    folder,
    path,
    async close() {
      await state.close()
      return state.takeNotes()
    },
  }
}

test.each([
  ['little', few, []],
  ['much', many, [expect.stringContaining('files will be hashed again')]],
])('one whose folder is deleted under a run that remembers %s is closed; the next one begins anew', async (_, files, notes) => {
  const { folder, close } = await deletedState(files)
  expect(await close()).toEqual(notes)
  const next = await openLocalState(folder, key)
  onTestFinished(() => next.close())
  expect(next.isForgetful()).toBe(true)
  expect((await next.findRecords('/photos', '', 'z')).size).toBe(0)
  expect(next.takeNotes()).toEqual([])
})

test.each([
  ['little', few],
  ['much', many],
])('a run that remembers %s leaves alone what another one has made in its place', async (_, files) => {
  const { path, close } = await deletedState(files)
  await mkdir(path, { recursive: true })
  for (const name of ['LOCK', 'CURRENT', '000005.ldb']) await writeFile(join(path, name), 'of another run')
  await close()
  expect((await readdir(path)).toSorted()).toEqual(['000005.ldb', 'CURRENT', 'LOCK'])
  expect(await readdir(dirname(path))).toEqual(['remote.owner-v2'])
})

test('what cannot be written when it is closed is no trouble', async () => {
  const folder = await temporaryFolder()
  const first = await openLocalState(folder, key)
  await first.remember(few, durable)
  await first.close()
  const second = await openLocalState(folder, key) // moves the log of the first one into a table
  await mkdir(join(folder, 'remote.owner-v2', 'CHECKSUMS.new'))
  await second.close()
  expect(second.takeNotes()).toEqual([])
})

test('a sync whose state is deleted while it runs ends well, and the next one hashes again', async () => {
  const user = await photosUser()
  const source = join(user.folder, 'DCIM')
  await writeTree(source, { 'MVI_1.MP4': 'one', 'MVI_2.MP4': 'two', 'MVI_3.MP4': 'three' })
  const command = ['sync', source, '--library', user.library, '--json']
  const state = join(user.folder, 'state', 'photos')
  const stdout = new RecordedStream()
  const write = stdout._write.bind(stdout)
  let isDeleted = false
  stdout._write = (chunk, ...rest) => {
    if (!isDeleted && String(chunk).includes('"action":"uploaded"')) {
      rmSync(state, { recursive: true })
      isDeleted = true
    }
    write(chunk, ...rest)
  }
  const { exitCode, stderr } = await user.hereIn({ stdout }, ...command)
  expect({ exitCode, stderr, isDeleted }).toEqual({ exitCode: 0, stderr: expect.not.stringContaining('Error'), isDeleted: true })
  expect(summaryOf({ exitCode, stderr, stdout: stdout.text })).toMatchObject({ uploaded: 3, failed: 0, exit_code: 0 })
  expect(summaryOf(await user.here(...command))).toMatchObject({ uploaded: 0, already_stored: 3, failed: 0, exit_code: 0 })
})
