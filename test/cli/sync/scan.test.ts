import { execFileSync } from 'node:child_process'
import { chmod, link, lstat, mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { locationPathOf, pathOf, type ScannedBatch, scan } from '../../../cli/sync/scan.ts'
import { findSources } from '../../../cli/sync/sources.ts'
import { libraryPaths } from '../../../embedded/library.ts'
import { collect } from '../../collect.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

async function scanAll(...paths: readonly string[]): Promise<readonly ScannedBatch[]> {
  return await collect(scan(findSources(paths), { now: () => 1 }))
}

function locations(batches: readonly ScannedBatch[]): readonly string[] {
  return batches.flatMap(({ files }) => files.map(locationPathOf))
}

async function touch(...segments: readonly string[]): Promise<void> {
  const path = join(...segments)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, '')
}

describe('scan', () => {
  it('comes by every file once, a folder before its subfolders, in the order of bytes', async () => {
    const folder = join(await temporaryFolder(), 'DCIM')
    for (const path of ['b/2.jpg', 'b/10.jpg', 'a/z/1.jpg', 'a/y.jpg', 'Z.jpg', 'é.jpg', 'a.jpg']) await touch(folder, path)
    const shown = locations(await scanAll(folder)).map((path) => Buffer.from(path, 'latin1').toString())
    expect(shown).toEqual([
      'DCIM/Z.jpg',
      'DCIM/a.jpg',
      'DCIM/é.jpg',
      'DCIM/a/y.jpg',
      'DCIM/a/z/1.jpg',
      'DCIM/b/10.jpg',
      'DCIM/b/2.jpg',
    ])
  })

  it('takes names of any bytes for what they are', async () => {
    const folder = join(await temporaryFolder(), 'DCIM')
    await mkdir(folder)
    const names = [
      '\xff\xfe.jpg',
      '*.jpg',
      'e\xcc\x81.jpg',
      '\xc3\xa9.jpg',
      'new\nline.jpg',
      '-rf.jpg',
      'a\\b.jpg',
      `${'x'.repeat(251)}.jpg`,
    ]
    for (const name of names) await writeFile(Buffer.from(`${folder}/${name}`, 'latin1'), '')
    const [batch] = await scanAll(folder)
    expect(batch?.files.map(({ name }) => name)).toEqual([...names].sort())
    for (const file of batch?.files ?? []) await lstat(Buffer.from(pathOf(file), 'latin1'))
  })

  it('follows no link and opens no pipe, and says so', async () => {
    const folder = join(await temporaryFolder(), 'DCIM')
    await touch(folder, 'a.jpg')
    await mkdir(join(folder, 'sub'))
    await symlink('..', join(folder, 'sub/parent'))
    await symlink('/nonexistent', join(folder, 'dangling.jpg'))
    await link(join(folder, 'a.jpg'), join(folder, 'hard-link.jpg'))
    execFileSync('mkfifo', [join(folder, 'fifo.jpg')])
    const server = createServer().listen(join(folder, 'socket.jpg'))
    onTestFinished(() => void server.close())
    await new Promise((resolve) => server.once('listening', resolve))

    const batches = await scanAll(folder)
    expect(locations(batches)).toEqual(['DCIM/a.jpg', 'DCIM/hard-link.jpg'])
    const outcomes = batches.flatMap((batch) =>
      batch.outcomes.map(({ path, action, reason }) => [path.slice(folder.length), action, reason]),
    )
    expect(outcomes).toEqual([
      ['/dangling.jpg', 'skipped', 'a symbolic link; it is not followed'],
      ['/fifo.jpg', 'skipped', 'a pipe, not a file'],
      ['/socket.jpg', 'skipped', 'a socket, not a file'],
      ['/sub/parent', 'skipped', 'a symbolic link; it is not followed'],
    ])
  })

  it('leaves out what systems keep for themselves, and counts it', async () => {
    const folder = join(await temporaryFolder(), 'DCIM')
    const junk = ['@eaDir/x.jpg', '.DS_Store', '._a.jpg', 'Thumbs.db', '.Trashes/x.jpg', '$RECYCLE.BIN/x.jpg', 'lost+found/x.jpg']
    const more = ['#recycle/x.jpg', '@Recycle/x.jpg', '.@__thumb/x.jpg', '.Spotlight-V100/x.jpg', 'a.jpg.part', '.hidden.jpg']
    for (const path of [...junk, ...more, 'a.jpg']) await touch(folder, path)
    const batches = await scanAll(folder)
    expect(locations(batches)).toEqual(['DCIM/a.jpg'])
    expect(batches.flatMap(({ leftOut }) => leftOut.map(({ cause }) => cause)).toSorted()).toEqual([
      'hidden',
      ...Array.from({ length: 12 }, () => 'junk'),
    ])
  })

  it.skipIf(process.getuid?.() === 0)('names a folder that it may not read, and goes on', async () => {
    const folder = join(await temporaryFolder(), 'DCIM')
    await touch(folder, 'closed/a.jpg')
    await touch(folder, 'open/b.jpg')
    await chmod(join(folder, 'closed'), 0)
    onTestFinished(() => chmod(join(folder, 'closed'), 0o700))
    const batches = await scanAll(folder)
    expect(locations(batches)).toEqual(['DCIM/open/b.jpg'])
    expect(batches.flatMap(({ outcomes }) => outcomes)).toMatchObject([
      { action: 'failed', path: join(folder, 'closed'), reason: 'cannot list the folder: permission denied' },
    ])
  })

  it('names a folder whose path is too long for the system, and goes on', async () => {
    const root = await temporaryFolder()
    const folder = join(root, 'DCIM')
    const eight = Array.from({ length: 8 }, () => 'd'.repeat(255)).join('/')
    await touch(root, 'deep', eight, 'a.jpg')
    await mkdir(join(folder, eight), { recursive: true })
    // Only so does it come to lie deeper than a path can say, and only so can it be removed.
    await rename(join(root, 'deep'), join(folder, eight, 'deep'))
    onTestFinished(() => rename(join(folder, eight, 'deep'), join(root, 'deep')))
    await touch(folder, 'e/b.jpg')
    const batches = await scanAll(folder)
    expect(locations(batches)).toEqual(['DCIM/e/b.jpg'])
    expect(batches.flatMap(({ outcomes }) => outcomes)).toMatchObject([
      { action: 'failed', reason: 'its path is too long for the system' },
    ])
  })

  it('hands over a large folder some at a time, and lets others run in between', async () => {
    const folder = join(await temporaryFolder(), 'DCIM')
    await mkdir(folder)
    for (let index = 0; index < 1200; index += 1) await writeFile(join(folder, `${index}.jpg`), '')
    let turns = 0
    const ticking = setInterval(() => {
      turns += 1
    }, 0)
    onTestFinished(() => clearInterval(ticking))
    const batches = await scanAll(folder)
    expect(batches.map(({ files }) => files.length)).toEqual([500, 500, 200])
    expect(turns).toBeGreaterThan(0)
  })

  it('ends when it is told to', async () => {
    const folder = join(await temporaryFolder(), 'DCIM')
    await touch(folder, 'a.jpg')
    const scanning = scan(findSources([folder]), { now: () => 1, signal: AbortSignal.abort(new Error('stop')) })
    await expect(collect(scanning)).rejects.toThrow('stop')
  })
})

describe('findSources', () => {
  it('drops what another source covers, in any order', async () => {
    const folder = join(await temporaryFolder(), 'A')
    await touch(folder, 'B/c.jpg')
    await symlink('A', join(folder, '../link'))
    const paths = [join(folder, 'B'), folder, join(folder, '../link'), `${folder}/`, join(folder, 'B/c.jpg')]
    expect(findSources(paths).map(({ path }) => path)).toEqual([folder])
  })

  it('keeps a hidden folder inside another one: the scan of that one passes it by', async () => {
    const folder = join(await temporaryFolder(), 'A')
    await touch(folder, '.hidden/c.jpg')
    expect(locations(await scanAll(folder, join(folder, '.hidden')))).toEqual(['.hidden/c.jpg'])
  })

  it('does not take a folder for part of one whose name it begins with', async () => {
    const folder = await temporaryFolder()
    await touch(folder, 'A/1.jpg')
    await touch(folder, 'AB/2.jpg')
    expect(locations(await scanAll(join(folder, 'A'), join(folder, 'AB')))).toEqual(['A/1.jpg', 'AB/2.jpg'])
  })

  it('takes a single file, also a hidden or a linked one', async () => {
    const folder = await temporaryFolder()
    await touch(folder, 'a.jpg')
    await touch(folder, '.b.jpg')
    await symlink('a.jpg', join(folder, 'link.jpg'))
    expect(locations(await scanAll(join(folder, '.b.jpg'), join(folder, 'link.jpg')))).toEqual(['.b.jpg', 'a.jpg'])
  })

  it.each(['', 'originals', 'originals/a.jpg'])('refuses a library of photos, and what lies in one: /%s', async (below) => {
    const library = join(await temporaryFolder(), 'library')
    await mkdir(libraryPaths(library).own, { recursive: true })
    await touch(library, 'originals/a.jpg')
    await symlink(library, `${library}-link`)
    findSources([join(library, below)])
    await writeFile(libraryPaths(library).identity, '{}')
    for (const path of [library, `${library}-link`]) {
      expect(() => findSources([join(path, below)])).toThrow(
        expect.objectContaining({ exitCode: 2, message: expect.stringContaining('a library of photos') }),
      )
    }
  })

  it('refuses the folder in which the library of this run would be made', async () => {
    const folder = join(await temporaryFolder(), 'home')
    await touch(folder, 'pictures/a.jpg')
    await symlink(folder, `${folder}-link`)
    const refused = expect.objectContaining({ exitCode: 2 })
    expect(() => findSources([join(folder, 'pictures')], `${folder}-link`)).toThrow(refused)
    expect(findSources([folder], join(folder, 'pictures/library'))).toHaveLength(1)
  })

  it('throws for what is missing', async () => {
    const folder = await temporaryFolder()
    expect(() => findSources([folder, join(folder, 'missing')])).toThrow(expect.objectContaining({ exitCode: 4 }))
  })
})
