import { mkdir, readdir, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { encodeFileRecord, type FileRecord, findFileRecord, isRacy } from '../../../cli/state/file-record.ts'
import { type LocalState, openLocalState } from '../../../cli/state/local-state.ts'
import { contentHashOf } from '../../../contract/content-hash.ts'
import { ownerSchema } from '../../../contract/owner.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const record: FileRecord = {
  fingerprint: { device: 2049, inode: 2 ** 60, sizeBytes: 2 ** 40, mtimeMs: 1_600_000_000_123.25, ctimeMs: -86_400_000.5 },
  contentHash: contentHashOf(Buffer.alloc(32, 0xa5)),
  confirmedLocationBytes: 4095,
}

describe('file records', () => {
  it('come back as they were', () => {
    expect(findFileRecord(encodeFileRecord(record))).toEqual(record)
    expect(findFileRecord(encodeFileRecord({ ...record, contentHash: null }))).toEqual({ ...record, contentHash: null })
  })

  it('that are damaged are as if they had never been', () => {
    const bytes = encodeFileRecord(record)
    for (let index = 0; index < bytes.length; index += 1) {
      const damaged = Buffer.from(bytes)
      damaged[index] = (damaged[index] ?? 0) ^ 1
      expect(findFileRecord(damaged)).toBeUndefined()
    }
    expect(findFileRecord(bytes.subarray(1))).toBeUndefined()
    expect(findFileRecord(Buffer.alloc(0))).toBeUndefined()
  })

  it.each([
    ['written just before', { mtimeMs: 8001, ctimeMs: 0 }, true],
    ['written at the same time', { mtimeMs: 10_000, ctimeMs: 0 }, true],
    ['written by a clock that is a little ahead', { mtimeMs: 11_000, ctimeMs: 0 }, true],
    ['renamed just before', { mtimeMs: 0, ctimeMs: 9000 }, true],
    ['written long before', { mtimeMs: 8000, ctimeMs: 0 }, false],
    ['dated in the far future', { mtimeMs: 4_102_444_800_000, ctimeMs: 0 }, false],
  ])('of a file that was %s', (_what, times, racy) => {
    expect(isRacy({ ...record.fingerprint, ...times }, 10_000)).toBe(racy)
  })
})

const owner = ownerSchema.parse('owner')

async function openInTest(folder: string, remoteId = 'remote', whose = owner, origin?: string): Promise<LocalState> {
  const state = await openLocalState(folder, { remoteId, owner: whose, origin })
  onTestFinished(() => state.close())
  return state
}

const durable = { durable: true }

async function manifestIn(path: string): Promise<string> {
  const name = (await readdir(path)).find((entry) => entry.startsWith('MANIFEST-'))
  return join(path, name ?? 'MANIFEST')
}

describe('local state', () => {
  it('keeps what is remembered, also under names of any bytes', async () => {
    const folder = await temporaryFolder()
    const names = ['a', 'b\xff\xfe.jpg', 'caf\xc3\xa9', 'z'.repeat(255)]
    const first = await openLocalState(folder, { remoteId: 'remote', owner, origin: undefined })
    await first.remember(
      names.map((name) => ({ folder: '/photos', name, record })),
      durable,
    )
    await first.close()
    const records = await (await openInTest(folder)).findRecords('/photos', 'a', 'z'.repeat(255))
    expect([...records.keys()]).toEqual([...names].sort())
    expect(records.get('b\xff\xfe.jpg')).toEqual(record)
  })

  it('gives one folder, and of that no more than is asked for', async () => {
    const state = await openInTest(await temporaryFolder())
    const keys = [
      ['/a', '1'],
      ['/a', '2'],
      ['/a', '3'],
      ['/a/b', '2'],
      ['/a b', '2'],
      ['/', '2'],
    ] as const
    await state.remember(
      keys.map(([folder, name]) => ({ folder, name, record })),
      durable,
    )
    expect([...(await state.findRecords('/a', '1', '2')).keys()]).toEqual(['1', '2'])
    expect([...(await state.findRecords('/a', '0', '9')).keys()]).toEqual(['1', '2', '3'])
  })

  it('reads a folder with more files than come at once', async () => {
    const state = await openInTest(await temporaryFolder())
    const names = Array.from({ length: 2500 }, (_, index) => `IMG_${String(index).padStart(5, '0')}.JPG`)
    await state.remember(
      names.map((name) => ({ folder: '/a', name, record })),
      durable,
    )
    expect([...(await state.findRecords('/a', 'IMG_00000.JPG', 'IMG_99999.JPG')).keys()]).toEqual(names)
  })

  it('forgets', async () => {
    const state = await openInTest(await temporaryFolder())
    await state.remember([{ folder: '/a', name: '1', record }], durable)
    await state.forget([{ folder: '/a', name: '1' }])
    expect((await state.findRecords('/a', '1', '1')).size).toBe(0)
  })

  it('knows the folders at and below a path, however many, and no others', async () => {
    const state = await openInTest(await temporaryFolder())
    const many = Array.from({ length: 1200 }, (_, index) => `/a/${String(index).padStart(4, '0')}`)
    const others = ['/', '/a b', '/a-b', '/a\xff', '/aa', '/b']
    await state.remember(
      [...others, '/a', ...many].flatMap((folder) => ['1', 'n\xff'].map((name) => ({ folder, name, record }))),
      durable,
    )
    const below = async (path: string): Promise<readonly string[]> => {
      const folders: string[] = []
      for await (const { folder } of state.folders.below(path)) folders.push(folder)
      return folders
    }
    expect(await below('/a')).toEqual(['/a', ...many])
    expect(await below('/a/0007')).toEqual(['/a/0007'])
    expect((await below('/')).toSorted()).toEqual([...others, '/a', ...many].toSorted())
    await state.folders.remove('/a/0007')
    expect(await below('/a/0007')).toEqual([])
    for await (const folder of state.folders.below('/b')) expect(folder).toEqual({ folder: '/b', name: 'n\xff' })
  })

  it('knows one remote apart from the other', async () => {
    const folder = await temporaryFolder()
    await (await openInTest(folder, 'one')).remember([{ folder: '/a', name: '1', record }], durable)
    expect((await (await openInTest(folder, 'two')).findRecords('/a', '1', '1')).size).toBe(0)
  })

  it('knows one owner apart from the other, however their names meet', async () => {
    const folder = await temporaryFolder()
    const state = await openInTest(folder, 'a-b', ownerSchema.parse('c'))
    await state.remember([{ folder: '/a', name: '1', record }], durable)
    for (const [remoteId, whose] of [
      ['a-b', 'd'],
      ['a', 'b-c'],
    ] as const) {
      const other = await openInTest(folder, remoteId, ownerSchema.parse(whose))
      expect((await other.findRecords('/a', '1', '1')).size).toBe(0)
    }
  })

  it('knows one address apart from the other, also a very long one, and from a library that was found by its folder', async () => {
    const folder = await temporaryFolder()
    const [remoteId, whose] = ['r'.repeat(64), ownerSchema.parse('o'.repeat(64))]
    const state = await openInTest(folder, remoteId, whose, `https://${'a'.repeat(250)}.example`)
    await state.remember([{ folder: '/a', name: '1', record }], durable)
    for (const origin of ['https://photos.example', `https://${'a'.repeat(250)}.invalid`, undefined]) {
      const other = await openInTest(folder, remoteId, whose, origin)
      expect((await other.findRecords('/a', '1', '1')).size).toBe(0)
    }
    expect((await readdir(folder)).filter((name) => Buffer.byteLength(`${name}-damaged`) > 255)).toEqual([])
  })

  it('is for one process at a time', async () => {
    const folder = await temporaryFolder()
    await openInTest(folder)
    await expect(openLocalState(folder, { remoteId: 'remote', owner, origin: undefined })).rejects.toMatchObject({
      name: 'UserError',
      exitCode: 11,
    })
  })

  it('is moved aside when it cannot be opened, and says so', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'remote.owner-v2'))
    await writeFile(join(folder, 'remote.owner-v2', 'CURRENT'), 'rubbish')
    const state = await openInTest(folder)
    expect(state.takeNotes()).toEqual([expect.stringContaining('the local state was damaged')])
    expect(state.takeNotes()).toEqual([])
    expect((await readdir(folder)).sort()).toEqual(['remote.owner-v2', 'remote.owner-v2-damaged'])
    await state.remember([{ folder: '/a', name: '1', record }], durable)
    expect((await state.findRecords('/a', '1', '1')).size).toBe(1)
  })

  it.each([
    ['CURRENT is empty', (path: string) => writeFile(join(path, 'CURRENT'), '')],
    ['CURRENT names another file', (path: string) => writeFile(join(path, 'CURRENT'), 'MANIFEST-999999\n')],
    ['MANIFEST is empty', async (path: string) => writeFile(await manifestIn(path), '')],
    ['MANIFEST is gone', async (path: string) => unlink(await manifestIn(path))],
  ])('is moved aside when its %s', async (_what, damage) => {
    const folder = await temporaryFolder()
    await (await openLocalState(folder, { remoteId: 'remote', owner, origin: undefined })).close()
    await damage(join(folder, 'remote.owner-v2'))
    const state = await openInTest(folder)
    expect(state.takeNotes()).toEqual([expect.stringContaining('the local state was damaged')])
  })

  it.runIf(process.platform === 'linux')('stays where it is when the system is to blame, and says so', async () => {
    const folder = await temporaryFolder()
    const path = join(folder, 'remote.owner-v2')
    await symlink('/sys/kernel', path) // where nobody can make a file
    await expect(openLocalState(folder, { remoteId: 'remote', owner, origin: undefined })).rejects.toMatchObject({
      name: 'UserError',
      exitCode: 5,
      message: expect.stringMatching(
        `the local state in ${path} cannot be opened: (permission denied|read-only file system|operation not permitted)`,
      ),
      hint: expect.stringContaining('XDG_STATE_HOME'),
    })
    expect(await readdir(folder)).toEqual(['remote.owner-v2'])
  })

  it('cannot be below a file, and says so', async () => {
    const file = join(await temporaryFolder(), 'file')
    await writeFile(file, '')
    await expect(openLocalState(join(file, 'photos'), { remoteId: 'remote', owner, origin: undefined })).rejects.toMatchObject({
      name: 'UserError',
      exitCode: 5,
      message: `the local state in ${join(file, 'photos', 'remote.owner-v2')} cannot be opened: not a directory`,
    })
  })

  it('remembers nothing, and says so, when damage shows only while it is read', async () => {
    const folder = await temporaryFolder()
    const first = await openLocalState(folder, { remoteId: 'remote', owner, origin: undefined })
    const names = Array.from({ length: 60_000 }, (_, index) => `${index}`)
    await first.remember(
      names.map((name) => ({ folder: '/a', name, record })),
      durable,
    )
    await first.close()
    await (await openLocalState(folder, { remoteId: 'remote', owner, origin: undefined })).close() // moves its log into tables
    await rm(join(folder, 'remote.owner-v2', 'CHECKSUMS')) // as after a run that was killed
    const tables = (await readdir(join(folder, 'remote.owner-v2'))).filter((name) => name.endsWith('.ldb'))
    for (const name of tables) {
      const path = join(folder, 'remote.owner-v2', name)
      await writeFile(path, (await readFile(path)).fill(0xee, 0, 10_000))
    }
    const damaged = await openLocalState(folder, { remoteId: 'remote', owner, origin: undefined })
    const found = await damaged.findRecords('/a', '0', '99999')
    expect(found.size).toBeLessThan(60_000)
    await damaged.remember([{ folder: '/a', name: '1', record }], durable)
    const notes = damaged.takeNotes()
    await damaged.close()
    if (found.size === 0) expect(notes).toEqual([expect.stringContaining('the local state is damaged')])
    const next = await openInTest(folder)
    await next.remember([{ folder: '/a', name: '1', record }], durable)
    expect((await next.findRecords('/a', '1', '1')).size).toBe(1)
  })
})
