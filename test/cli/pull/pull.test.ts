import { randomBytes } from 'node:crypto'
import { chmod, link, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pull } from '../../../cli/pull/pull.ts'
import { collect } from '../../collect.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { refuse, transportInTest } from '../remote/scripted-server.ts'
import { remoteInTest, serveWell, storedPhoto } from './pull-in-test.ts'

/** Every file below a folder with its content. */
async function treeOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  const contents = await Promise.all(
    files.map(async (file) => [file.slice(folder.length + 1), await readFile(file, 'utf8')] as const),
  )
  return Object.fromEntries(contents)
}

function actionsOf(outcomes: readonly { action: string; path: string }[]): Record<string, string> {
  return Object.fromEntries(outcomes.map(({ path, action }) => [path, action]))
}

test('brings names, bytes and modification times back, and finds them unchanged the next time', async () => {
  const to = join(await temporaryFolder(), 'new', 'photos')
  const large = randomBytes(5 * 1024 * 1024)
  const { pull: pullAll, downloads } = await remoteInTest([
    storedPhoto('one', 'DCIM/100CANON/IMG_1.JPG'),
    storedPhoto(large, { path: 'DCIM/ümläut ☃.jpg', modificationTime: '1969-12-31T23:59:58.25Z' }),
    storedPhoto('', { path: 'empty.jpg', modificationTime: '2100-01-01T00:00:00.000001Z' }),
    storedPhoto('no location'),
  ])
  const first = await pullAll(to)
  const unnamed = storedPhoto('no location').contentHash
  expect(actionsOf(first.outcomes)).toEqual({
    'DCIM/100CANON/IMG_1.JPG': 'pulled',
    'DCIM/ümläut ☃.jpg': 'pulled',
    'empty.jpg': 'pulled',
    [`${unnamed}.jpg`]: 'pulled',
  })
  expect(first.events.filter(({ kind }) => kind === 'found')).toHaveLength(4)
  expect(first.movedBytes).toBe(3 + large.length + 11)
  expect(await readdir(to)).toEqual([`${unnamed}.jpg`, 'DCIM', 'empty.jpg'].toSorted())
  expect((await readFile(join(to, 'DCIM/ümläut ☃.jpg'))).equals(large)).toBe(true)
  const timeOf = async (path: string): Promise<bigint> => (await stat(join(to, path), { bigint: true })).mtimeNs
  expect(await timeOf('DCIM/100CANON/IMG_1.JPG')).toBe(1_572_106_044_123_456_000n)
  expect(await timeOf('DCIM/ümläut ☃.jpg')).toBe(-1_750_000_000n)
  expect(await timeOf('empty.jpg')).toBe(4_102_444_800_000_001_000n)

  const second = await pullAll(to)
  expect(new Set(second.outcomes.map(({ action }) => action))).toEqual(new Set(['unchanged']))
  expect(downloads).toHaveLength(4)
})

test('never overwrites: a name that other bytes have gets the content hash, and stays so', async () => {
  const to = await temporaryFolder()
  await writeFile(join(to, 'IMG_1.JPG'), 'mine')
  await symlink('/nowhere', join(to, 'link.JPG'))
  await mkdir(join(to, 'folder.JPG'))
  const photos = [
    storedPhoto('one', 'IMG_1.JPG'),
    storedPhoto('two', 'link.JPG'),
    storedPhoto('three', 'folder.JPG'),
    storedPhoto('4', 'noext'),
  ]
  await writeFile(join(to, 'noext'), '5')
  const { pull: pullAll } = await remoteInTest(photos)
  const names = photos.map(({ contentHash, locations }) => {
    const [name = '', extension] = (locations[0]?.path ?? '').split('.')
    return `${name} (${contentHash.slice(0, 8)})${extension ? `.${extension}` : ''}`
  })
  for (const action of ['pulled', 'unchanged']) {
    expect(actionsOf((await pullAll(to)).outcomes)).toEqual(Object.fromEntries(names.map((name) => [name, action])))
  }
  expect(await readFile(join(to, 'IMG_1.JPG'), 'utf8')).toBe('mine')
  expect((await lstat(join(to, 'link.JPG'))).isSymbolicLink()).toBe(true)
})

test('two photos with one path both come back, whoever is first', async () => {
  const to = await temporaryFolder()
  const photos = ['a', 'b', 'c', 'd', 'e', 'f'].map((content) => storedPhoto(content, 'DCIM/IMG_1.JPG'))
  const { pull: pullAll } = await remoteInTest(photos)
  await pullAll(to, { transfers: 6 })
  const tree = await treeOf(to)
  expect(Object.values(tree).toSorted()).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  expect(Object.keys(tree)).toContain('DCIM/IMG_1.JPG')
  expect(new Set((await pullAll(to)).outcomes.map(({ action }) => action))).toEqual(new Set(['unchanged']))
})

test('without hard links too', async () => {
  const to = await temporaryFolder()
  await writeFile(join(to, 'taken.JPG'), 'mine')
  const { pull: pullAll } = await remoteInTest([
    storedPhoto('a', 'x.JPG', 'taken.JPG'),
    storedPhoto('b', 'x.JPG'),
    storedPhoto('c', 'x.JPG'),
  ])
  const hardLink = (): Promise<never> => Promise.reject(Object.assign(new Error('no links'), { code: 'EPERM', syscall: 'link' }))
  const { outcomes } = await pullAll(to, { hardLink })
  expect(outcomes.map(({ action }) => action)).toEqual(['pulled', 'pulled', 'pulled', 'pulled'])
  expect(Object.values(await treeOf(to)).toSorted()).toEqual(['a', 'a', 'b', 'c', 'mine'])
})

test('the file system says what is the same name, as one that folds case does', async () => {
  const to = await temporaryFolder()
  const { pull: pullAll } = await remoteInTest([storedPhoto('a', 'IMG.JPG'), storedPhoto('b', 'img.jpg')])
  const foldingLink = (from: Buffer, path: Buffer): Promise<void> => link(from, path.toString().replace('/img.jpg', '/IMG.JPG'))
  const { outcomes } = await pullAll(to, { hardLink: foldingLink, transfers: 1 })
  expect(outcomes.map(({ action }) => action)).toEqual(['pulled', 'pulled'])
  expect(Object.values(await treeOf(to)).toSorted()).toEqual(['a', 'b'])
})

test('a photo of many places is downloaded once; one path of two devices is one file', async () => {
  const to = await temporaryFolder()
  const paths = Array.from({ length: 120 }, (_, index) => `copies/${index}.jpg`)
  const { pull: pullAll, downloads } = await remoteInTest([
    storedPhoto('same', 'a.jpg', { path: 'b/a.jpg', modificationTime: '2001-01-01T00:00:00Z' }, { path: 'a.jpg', device: 'nas' }),
    storedPhoto('many', ...paths),
  ])
  const { outcomes, movedBytes } = await pullAll(to)
  expect(outcomes).toHaveLength(122)
  expect(downloads).toHaveLength(3) // 120 places are two groups of at most 100
  expect(movedBytes).toBe(12)
  expect((await stat(join(to, 'b/a.jpg'))).mtime.toISOString()).toBe('2001-01-01T00:00:00.000Z')
  expect((await stat(join(to, 'a.jpg'))).nlink).toBe(1)
})

test('names that are not UTF-8 come back byte for byte', async () => {
  const to = await temporaryFolder()
  const name = Buffer.from([0x66, 0xff, 0x2e, 0x6a, 0x70, 0x67])
  const location = { path: 'DCIM/f\ufffd.jpg', pathBytes: Buffer.concat([Buffer.from('DCIM/'), name]).toString('base64') }
  const { pull: pullAll } = await remoteInTest([storedPhoto('one', location)])
  expect(actionsOf((await pullAll(to)).outcomes)).toEqual({ 'DCIM/f\ufffd.jpg': 'pulled' })
  expect(await readdir(join(to, 'DCIM'), { encoding: 'buffer' })).toEqual([name])
})

test.each([
  '../evil.jpg',
  '/etc/evil.jpg',
  'a/../../evil.jpg',
  'a//b.jpg',
  'a/./b.jpg',
  'nul\0.jpg',
  '',
  '.photos-pull/a.jpg',
  '.Photos-Pull/a',
])('refuses the bytes of the path %j', async (path) => {
  const folder = await temporaryFolder()
  const to = join(folder, 'to')
  const location = { path: 'harmless.jpg', pathBytes: Buffer.from(path).toString('base64') }
  const { pull: pullAll, downloads } = await remoteInTest([storedPhoto('evil', location)])
  const { outcomes } = await pullAll(to)
  expect(outcomes).toMatchObject([
    { path: 'harmless.jpg', action: 'failed', reason: expect.stringContaining('its recorded path') },
  ])
  expect(downloads).toEqual([])
  expect(await treeOf(folder)).toEqual({})
})

test('refuses a place whose modification time is none, and pulls the others', async () => {
  const to = await temporaryFolder()
  const { pull: pullAll } = await remoteInTest([
    storedPhoto('a', { path: 'a.jpg', modificationTime: '999999-99-99T99:99:99Z' }, 'b.jpg'),
    storedPhoto('c', 'c.jpg'),
  ])
  const { outcomes } = await pullAll(to)
  expect(actionsOf(outcomes)).toEqual({ 'a.jpg': 'failed', 'b.jpg': 'pulled', 'c.jpg': 'pulled' })
})

test('a file or a link to nowhere where a folder should be, a name too long: failed, and the rest is pulled', async () => {
  const to = await temporaryFolder()
  await writeFile(join(to, 'file'), '')
  await symlink('nowhere', join(to, 'link'))
  const { pull: pullAll } = await remoteInTest([
    storedPhoto('a', 'file/a.jpg', 'good.jpg'),
    storedPhoto('b', `${'long'.repeat(70)}.jpg`),
    storedPhoto('c', 'fine.jpg'),
    storedPhoto('d', 'link/d.jpg'),
    storedPhoto('e', 'link/below/e.jpg'),
  ])
  const { outcomes } = await pullAll(to)
  expect(outcomes.map(({ path, action, reason }) => [path.slice(0, 10), action, reason])).toEqual([
    ['file/a.jpg', 'failed', 'a file is where one of its folders should be'],
    ['fine.jpg', 'pulled', undefined],
    ['good.jpg', 'pulled', undefined],
    ['link/below', 'failed', 'a symbolic link that leads nowhere is where a folder should be'],
    ['link/d.jpg', 'failed', 'a symbolic link that leads nowhere is where a folder should be'],
    ['longlonglo', 'failed', 'its name is too long for the file system'],
  ])
  expect(await readdir(to)).toEqual(['file', 'fine.jpg', 'good.jpg', 'link'])
})

test('a wrong byte on the way is downloaded again', async () => {
  const to = await temporaryFolder()
  const { pull: pullAll } = await remoteInTest([storedPhoto('right', 'a.jpg')], (response, photo, attempt) =>
    serveWell(response, attempt === 1 ? storedPhoto('wrong') : photo, attempt),
  )
  const { outcomes, movedBytes } = await pullAll(to)
  expect(outcomes).toMatchObject([{ action: 'pulled' }])
  expect(movedBytes).toBe(5)
  expect(await treeOf(to)).toEqual({ 'a.jpg': 'right' })
})

test('wrong bytes that stay wrong are reported as such, and never shown in the tree', async () => {
  const to = await temporaryFolder()
  const { pull: pullAll, downloads } = await remoteInTest(
    [storedPhoto('right', 'a.jpg', 'b.jpg'), storedPhoto('fine', 'c.jpg')],
    (response, photo, attempt) => serveWell(response, photo.bytes.toString() === 'right' ? storedPhoto('wrong') : photo, attempt),
  )
  const { outcomes } = await pullAll(to)
  const reason = 'the stored bytes are not those of its content hash'
  expect(outcomes).toMatchObject([
    { path: 'a.jpg', action: 'failed', reason, storedBytesDiffer: true },
    { path: 'b.jpg', action: 'failed', reason, storedBytesDiffer: true },
    { path: 'c.jpg', action: 'pulled' },
  ])
  expect(downloads).toHaveLength(3)
  expect(await treeOf(to)).toEqual({ 'c.jpg': 'fine' })
})

test('a stored original of another length, and one that is gone, are lost bytes; a refusal is not', async () => {
  const { pull: pullAll } = await remoteInTest(
    [storedPhoto('cut', 'a'), storedPhoto('gone', 'b'), storedPhoto('kept', 'c')],
    (response, photo, attempt) => {
      if (photo.bytes.toString() === 'cut') serveWell(response, storedPhoto('cu'), attempt)
      else if (photo.bytes.toString() === 'gone') refuse(response, 404, 'NoSuchKey')
      else refuse(response, 403, 'AccessDenied')
    },
  )
  const { outcomes } = await pullAll(await temporaryFolder())
  expect(outcomes.map(({ action, storedBytesDiffer }) => [action, storedBytesDiffer])).toEqual([
    ['failed', true],
    ['failed', true],
    ['failed', undefined],
  ])
})

test('expired requests and 503 to every third one are no reason to fail', async () => {
  const photos = Array.from({ length: 30 }, (_, index) => storedPhoto(`photo ${index}`, `${index}.jpg`))
  let requests = 0
  const { pull: pullAll } = await remoteInTest(photos, (response, photo, attempt) => {
    requests += 1
    if (requests === 5) refuse(response, 403, 'AccessDenied', 'Request has expired')
    else if (requests % 3 === 0) refuse(response, 503, 'SlowDown')
    else serveWell(response, photo, attempt)
  })
  const { outcomes } = await pullAll(await temporaryFolder())
  expect(new Set(outcomes.map(({ action }) => action))).toEqual(new Set(['pulled']))
})

test('what is unchanged gets its modification time right, and nothing else', async () => {
  const to = await temporaryFolder()
  const path = join(to, 'a.jpg')
  await writeFile(path, 'one')
  await chmod(path, 0o600)
  const { ino } = await stat(path)
  const { pull: pullAll } = await remoteInTest([storedPhoto('one', 'a.jpg')])
  expect((await pullAll(to)).outcomes).toMatchObject([{ action: 'unchanged' }])
  expect(await stat(path)).toMatchObject({ ino, mode: 0o100600, mtime: new Date('2019-10-26T16:07:24.123Z') })
})

test('a dry run writes nothing, not even the folder', async () => {
  const folder = await temporaryFolder()
  const { pull: pullAll, downloads } = await remoteInTest([storedPhoto('one', 'DCIM/a.jpg')])
  const { outcomes } = await pullAll(join(folder, 'to'), { dryRun: true })
  expect(outcomes).toMatchObject([{ action: 'would_pull', path: 'DCIM/a.jpg', sizeBytes: 3 }])
  expect(downloads).toEqual([])
  expect(await readdir(folder)).toEqual([])
})

test('a range says how many undated photos it leaves out', async () => {
  const { pull: pullAll } = await remoteInTest([storedPhoto('one', 'a.jpg'), storedPhoto('two', 'b.jpg')])
  const { events } = await pullAll(await temporaryFolder(), { range: { from: '2021-01-01T00:00:00' } })
  expect(events.filter(({ kind }) => kind === 'note')).toEqual([
    { kind: 'note', message: '2 photos have no capture time and are left out; without --since and --until all are pulled' },
  ])
})

test('a full disk ends the run with one clear error', async () => {
  const to = await temporaryFolder()
  const photos = Array.from({ length: 50 }, (_, index) => storedPhoto(`photo ${index}`, `${index}.jpg`))
  const { remote, downloads } = await remoteInTest(photos)
  const { transport } = transportInTest()
  const hardLink = (): Promise<never> => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'link' }))
  const run = collect(pull({ remote, transport, range: {}, to, transfers: 2, hardLink }))
  await expect(run).rejects.toMatchObject({ name: 'UserError', message: `no space left in ${to}`, exitCode: 3 })
  expect(downloads.length).toBeLessThan(5)
  expect(await readdir(to)).toEqual([])
})

test('removes what a killed pull has left, and only that', async () => {
  const to = await temporaryFolder()
  const unfinished = join(to, '.photos-pull')
  await mkdir(unfinished)
  await writeFile(join(unfinished, `${'a'.repeat(64)}.0.part`), 'half')
  await writeFile(join(unfinished, 'process-id'), '4194999')
  await writeFile(join(unfinished, 'precious.txt'), 'not ours')
  const { pull: pullAll } = await remoteInTest([storedPhoto('one', 'a.jpg')])
  await pullAll(to)
  expect(await treeOf(to)).toEqual({ 'a.jpg': 'one', '.photos-pull/precious.txt': 'not ours' })
})

test('two pulls into one folder do not meet', async () => {
  const to = await temporaryFolder()
  const { remote, pull: pullAll } = await remoteInTest([storedPhoto('one', 'a.jpg')], (response, photo, attempt) => {
    second = pullAll(to)
    second.catch(() => {}).finally(() => serveWell(response, photo, attempt))
  })
  let second: Promise<unknown> = Promise.resolve()
  const { transport } = transportInTest()
  const first = await collect(pull({ remote, transport, range: {}, to, transfers: 1 }))
  await expect(second).rejects.toMatchObject({ name: 'UserError', exitCode: 11 })
  expect(first.at(-1)).toMatchObject({ kind: 'file', outcome: { action: 'pulled' } })
})

test('an abort ends it soon, with nothing half-written behind; the next run finishes', async () => {
  const to = await temporaryFolder()
  const stop = new AbortController()
  const photos = Array.from({ length: 10 }, (_, index) => storedPhoto(`photo ${index}`, `${index}.jpg`))
  let isStopping = true
  const { pull: pullAll } = await remoteInTest(photos, (response, photo, attempt) => {
    if (isStopping && photo.bytes.toString() === 'photo 5') stop.abort(new Error('stopped by SIGINT'))
    else serveWell(response, photo, attempt)
  })
  await expect(pullAll(to, { signal: stop.signal, transfers: 2 })).rejects.toThrow('stopped by SIGINT')
  expect(await readdir(to)).not.toContain('.photos-pull')
  isStopping = false
  await pullAll(to)
  expect(Object.keys(await treeOf(to))).toHaveLength(10)
})

test('a listener that leaves stops the pull', async () => {
  const to = await temporaryFolder()
  const photos = Array.from({ length: 300 }, (_, index) => storedPhoto(`photo ${index}`, `${index}.jpg`))
  const { remote, downloads } = await remoteInTest(photos)
  const { transport } = transportInTest()
  for await (const event of pull({ remote, transport, range: {}, to, transfers: 2 })) if (event.kind === 'file') break
  const count = downloads.length
  expect(count).toBeLessThan(100)
  expect(await readdir(to)).not.toContain('.photos-pull')
})

test('a dry run counts the bytes of an original once, as its download would', async () => {
  const { pull } = await remoteInTest([storedPhoto('a photo', 'a.jpg', 'b.jpg')])
  const { outcomes } = await pull(await temporaryFolder(), { dryRun: true })
  expect(outcomes.map(({ action }) => action)).toEqual(['would_pull', 'would_pull'])
  expect(outcomes.filter(({ movesNoBytes }) => movesNoBytes)).toHaveLength(1)
})
