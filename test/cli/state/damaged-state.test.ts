import {
  cp,
  type FileHandle,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type FileRecord, isSameFile } from '../../../cli/state/file-record.ts'
import { type LocalState, openLocalState } from '../../../cli/state/local-state.ts'
import { contentHashOf } from '../../../contract/content-hash.ts'
import { ownerSchema } from '../../../contract/owner.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const key = { remoteId: 'remote', owner: ownerSchema.parse('owner'), origin: undefined }
const databaseName = 'remote.owner-v2'
const names = Array.from({ length: 40 }, (_, index) => `IMG_${String(index).padStart(4, '0')}.JPG`)
const source = { files: 40, mountPoint: '/', seenAtMs: 1_700_000_000_000 }

/** Told from all others by its inode, as on a disk. */
function recordOf(name: string): FileRecord {
  const index = names.indexOf(name)
  return {
    fingerprint: { device: 1, inode: 1000 + index, sizeBytes: 5_000_000, mtimeMs: 1_600_000_000_000, ctimeMs: 1_600_000_000_000 },
    contentHash: contentHashOf(Buffer.alloc(32, index)),
    confirmedLocationBytes: 30,
  }
}

/** The files of a database in which some records lie in a table and some in the log, as a killed run leaves them. */
async function makeDatabase(): Promise<ReadonlyMap<string, Buffer>> {
  const folder = await mkdtemp(join(tmpdir(), 'photos-test-'))
  const remember = async (state: LocalState, some: readonly string[]): Promise<void> => {
    const files = some.map((name) => ({ folder: '/photos', name, record: recordOf(name) }))
    await state.remember(files, { durable: true })
    await state.sources.put('/photos', source)
  }
  const first = await openLocalState(folder, key)
  await remember(first, names.slice(0, 30))
  await first.close()
  const second = await openLocalState(folder, key) // moves the log of the first one into a table
  await remember(second, names.slice(30))
  await second.close()
  const path = join(folder, databaseName)
  const files = await readdir(path)
  const bytes = new Map(await Promise.all(files.map(async (name) => [name, await readFile(join(path, name))] as const)))
  await rm(folder, { recursive: true })
  return bytes
}

let whole: ReadonlyMap<string, Buffer> = new Map()

/** What a run makes of a state folder: it opens it, believes what it finds, and remembers anew. */
async function use(folder: string): Promise<{ readonly found: number; readonly notes: readonly string[] }> {
  const state = await openLocalState(folder, key)
  const records = await state.findRecords('/photos', 'IMG', 'IMG_9999.JPG')
  const believed = names.filter((name) => {
    const record = records.get(name)
    return record !== undefined && isSameFile(record.fingerprint, recordOf(name).fingerprint)
  })
  for (const name of believed) expect(records.get(name)).toEqual(recordOf(name))
  expect([undefined, source]).toContainEqual(await state.sources.find('/photos'))
  await state.remember([{ folder: '/photos', name: 'new.jpg', record: recordOf('IMG_0007.JPG') }], { durable: false })
  const notes = state.takeNotes()
  await state.close()
  return { found: believed.length, notes }
}

/** Whatever was wrong, the next run remembers again, and has nothing to say. */
async function requireMended(folder: string): Promise<void> {
  const state = await openLocalState(folder, key)
  expect([...(await state.findRecords('/photos', 'new.jpg', 'new.jpg')).values()]).toEqual([recordOf('IMG_0007.JPG')])
  expect(state.takeNotes()).toEqual([])
  await state.close()
}

async function stateOf(files: Iterable<readonly [string, Buffer]>): Promise<string> {
  const folder = await temporaryFolder()
  await mkdir(join(folder, databaseName))
  for (const [name, bytes] of files) await writeFile(join(folder, databaseName, name), bytes)
  return folder
}

beforeAll(async () => {
  whole = await makeDatabase()
})

/** What holds what is remembered, in a database that was closed: none of it is ever written to again. */
function isContents(name: string): boolean {
  return /^MANIFEST-|\.ldb$|\.log$/.test(name)
}

/** `LOG` is for people, and `LOCK` is empty. */
const kinds = ['CHECKSUMS', 'CURRENT', 'LOG', 'MANIFEST', '.ldb', '.log'] as const

describe.each(kinds)('of the files called %s', (kind) => {
  const affected = () => [...whole.keys()].filter((name) => name.startsWith(kind) || name.endsWith(kind))

  test.each([
    ['deleted', undefined],
    ['empty', (bytes: Buffer) => bytes.subarray(0, 0)],
    ['cut in half', (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
    ['cut short by a byte', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['filled with zeros', (bytes: Buffer) => Buffer.alloc(bytes.length)],
    ['filled with rubbish', (bytes: Buffer) => Buffer.alloc(bytes.length, 'rubbish')],
    ['followed by rubbish', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(5000, 'rubbish')])],
  ] as const)('one that is %s costs time and nothing else', async (_how, damage) => {
    expect(affected()).not.toEqual([])
    for (const name of affected()) {
      const bytes = whole.get(name) ?? Buffer.alloc(0)
      const others = [...whole].filter(([other]) => other !== name)
      const folder = await stateOf(damage ? [...others, [name, damage(bytes)]] : others)
      const { notes } = await use(folder)
      if (isContents(name)) expect(notes).toEqual([expect.stringContaining('the local state was damaged')])
      await requireMended(folder)
    }
  })

  test('one of which any byte is another costs time and nothing else', async () => {
    for (const name of affected()) {
      const bytes = whole.get(name) ?? Buffer.alloc(0)
      // Every byte of the small ones, and every so many of the others.
      const step = Math.max(1, Math.floor(bytes.length / 16))
      for (let position = 0; position < bytes.length; position += step) {
        const flipped = Buffer.from(bytes)
        flipped[position] = (flipped[position] ?? 0) ^ 0x41
        const folder = await stateOf([...whole, [name, flipped]])
        const { notes } = await use(folder)
        if (isContents(name)) expect(notes).toEqual([expect.stringContaining('the local state was damaged')])
        await rm(folder, { recursive: true })
      }
    }
  })
})

test('what is written down of a log and a manifest is on the disk, where no power failure makes less of it', async () => {
  const folder = await temporaryFolder()
  await using some = await open(join(folder, 'some'), 'w')
  const synced: number[] = []
  const spy = vi.spyOn(Object.getPrototypeOf(some), 'datasync').mockImplementation(async function (this: FileHandle) {
    synced.push((await this.stat()).ino)
    await this.sync()
  })
  onTestFinished(() => spy.mockRestore())
  await use(folder)
  const path = join(folder, databaseName)
  const written = (await readdir(path)).filter((name) => isContents(name) && !name.endsWith('.ldb'))
  expect(written).toHaveLength(2)
  for (const name of written) expect(synced).toContain((await stat(join(path, name))).ino)
})

test('a whole one remembers everything, and has nothing to say', async () => {
  expect(await use(await stateOf(whole))).toEqual({ found: names.length, notes: [] })
})

test('one that is gone begins anew, and has nothing to say', async () => {
  expect(await use(await temporaryFolder())).toEqual({ found: 0, notes: [] })
})

test('what is left of a run that ended while a damaged one was moved aside is no trouble', async () => {
  const folder = await stateOf(whole)
  await cp(join(folder, databaseName), join(folder, `${databaseName}-damaged`), { recursive: true })
  await truncate(join(folder, databaseName, 'CURRENT'))
  expect((await use(folder)).notes).toEqual([expect.stringContaining('damaged')])
  expect((await stat(join(folder, `${databaseName}-damaged`, 'CURRENT'))).size).toBe(0)
  await requireMended(folder)
})

test.each([
  ['a file', (path: string) => writeFile(path, 'rubbish')],
  ['a link to nothing', (path: string) => symlink('nowhere', path)],
])('%s in its place is moved aside', async (_what, make) => {
  const folder = await temporaryFolder()
  await make(join(folder, databaseName))
  expect((await use(folder)).notes).toEqual([expect.stringContaining('it was no folder')])
  await lstat(join(folder, `${databaseName}-damaged`))
  await requireMended(folder)
})

test.each(['CURRENT', 'LOCK', 'LOG', 'CHECKSUMS', '000099.ldb', '000099.log'])(
  'one with a folder called %s is moved aside',
  async (name) => {
    const folder = await stateOf([...whole].filter(([other]) => other !== name))
    await mkdir(join(folder, databaseName, name))
    expect((await use(folder)).notes).toEqual([expect.stringContaining(`damaged (${name} is no file)`)])
    await requireMended(folder)
  },
)

test('checksums that are whole, and say nothing, are none', async () => {
  const text = '{"rubbish'
  const folder = await stateOf([...whole, ['CHECKSUMS', Buffer.from(`${crc32(text)} ${text}\n`)]])
  expect((await use(folder)).found).toBe(names.length)
  await requireMended(folder)
})
