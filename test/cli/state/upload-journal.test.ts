import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type BegunUpload, openUploadJournal, type UploadJournal } from '../../../cli/state/upload-journal.ts'
import { contentHashOf } from '../../../contract/content-hash.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const dayMs = 24 * 60 * 60 * 1000
const start = Date.parse('2026-11-23T10:00:00Z')

function uploadOf(digit: number, changes: Partial<BegunUpload> = {}): BegunUpload {
  const contentHash = contentHashOf(Buffer.alloc(32, digit))
  // A name that is not UTF-8: one character a byte.
  const file = { path: `/card/MVI_\u00e9_${digit}.MOV`, sizeBytes: 2 ** 33, mtimeMs: 1_600_000_000_123.25 }
  return { contentHash, uploadId: `upload-${digit}`, partSizeBytes: 8 * 2 ** 20, ...file, ...changes }
}

async function openInTest(folder: string, nowMs = start): Promise<{ journal: UploadJournal; troubles: string[] }> {
  const troubles: string[] = []
  const journal = await openUploadJournal(join(folder, 'uploads.json'), {
    now: () => nowMs,
    onTrouble: (message) => troubles.push(message),
  })
  return { journal, troubles }
}

const begunIn = ({ journal }: { journal: UploadJournal }) => journal.begun().map(({ uploadId }) => uploadId)

test('what was begun is known after the process, until it has ended', async () => {
  const folder = await temporaryFolder()
  const { journal } = await openInTest(folder)
  expect(await readdir(folder)).toEqual([])
  await Promise.all([journal.begin(uploadOf(1)), journal.begin(uploadOf(2)), journal.begin(uploadOf(3))])
  await journal.begin(uploadOf(2, { uploadId: 'anew' }))

  const second = await openInTest(folder)
  expect(second.journal.begun()[0]).toMatchObject(uploadOf(1))
  expect(begunIn(second).toSorted()).toEqual(['anew', 'upload-1', 'upload-3'])
  await second.journal.end([uploadOf(1).contentHash, uploadOf(2).contentHash, uploadOf(7).contentHash])
  expect(begunIn(await openInTest(folder))).toEqual(['upload-3'])
})

test('only its owner reads the names in it', async () => {
  const folder = await temporaryFolder()
  const { journal } = await openInTest(folder)
  await journal.begin(uploadOf(1))
  expect((await stat(join(folder, 'uploads.json'))).mode & 0o777).toBe(0o600)
})

test('what is known already is not written again', async () => {
  const folder = await temporaryFolder()
  const { journal } = await openInTest(folder)
  await journal.begin(uploadOf(1))
  const before = await stat(join(folder, 'uploads.json'))
  await journal.begin(uploadOf(1))
  await journal.end([uploadOf(2).contentHash])
  expect((await stat(join(folder, 'uploads.json'))).ino).toBe(before.ino)
})

test('what a killed writer left behind goes away', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'uploads.json.0a1b2c3d4e5f.tmp'), '[{"conte')
  await openInTest(folder)
  expect(await readdir(folder)).toEqual([])
})

test('what is older than any remote keeps it is forgotten', async () => {
  const folder = await temporaryFolder()
  const { journal } = await openInTest(folder)
  await journal.begin(uploadOf(1))
  expect(begunIn(await openInTest(folder, start + 29 * dayMs))).toEqual(['upload-1'])
  expect(begunIn(await openInTest(folder, start + 31 * dayMs))).toEqual([])
})

test.each(['', 'rubbish', '[{"contentHash":"00"}]', '{}', '[]\0'])('a damaged journal is an empty one: %j', async (text) => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'uploads.json'), text)
  const opened = await openInTest(folder)
  expect(begunIn(opened)).toEqual([])
  await opened.journal.begin(uploadOf(1))
  expect(begunIn(await openInTest(folder))).toEqual(['upload-1'])
})

test('a journal that cannot be written stops nobody, and says so once', async () => {
  const folder = await temporaryFolder()
  const { journal, troubles } = await openInTest(folder)
  await mkdir(join(folder, 'uploads.json'))
  await journal.begin(uploadOf(1))
  await journal.begin(uploadOf(2))
  expect(journal.begun().map(({ uploadId }) => uploadId)).toEqual(['upload-1', 'upload-2'])
  expect(troubles).toEqual([expect.stringMatching(/^the journal of large uploads cannot be kept \(/)])
})
