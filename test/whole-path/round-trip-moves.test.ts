import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { type PhotosUser, photosUser } from './photos-process.ts'
import { listTree, readTree, writeTree } from './tree.ts'

interface Home {
  readonly user: PhotosUser
  readonly folder: string
  sync(...flags: readonly string[]): Promise<void>
  /** What a pull into an empty folder brings, by the paths in the synced one. */
  pull(...flags: readonly string[]): Promise<string>
}

let pulls = 0

async function homeWith(files: Readonly<Record<string, Buffer | string>>): Promise<Home> {
  const user = await photosUser()
  const folder = join(user.folder, 'camera')
  await writeTree(folder, files)
  return {
    user,
    folder,
    async sync(...flags) {
      expect(await user.here('sync', folder, '--library', user.library, ...flags)).toMatchObject({ exitCode: 0 })
    },
    async pull(...flags) {
      const to = join(user.folder, `pulled-${++pulls}`)
      expect(await user.here('pull', '--to', to, '--library', user.library, ...flags)).toMatchObject({ exitCode: 0 })
      return join(to, 'camera')
    },
  }
}

async function loseState({ folder }: PhotosUser): Promise<void> {
  await rm(join(folder, 'state'), { recursive: true, force: true })
}

test('what was renamed, moved with its folder, edited and copied comes back as it is now', async () => {
  const { folder, sync, pull } = await homeWith({
    'a.jpg': 'one',
    'trip/b.jpg': 'two',
    'trip/deep/c.jpg': 'three',
    'edited.jpg': 'before',
    'copy.jpg': 'one',
  })
  await sync()
  await rename(join(folder, 'a.jpg'), join(folder, 'renamed.jpg'))
  await rename(join(folder, 'trip'), join(folder, 'journey'))
  await writeFile(join(folder, 'edited.jpg'), 'after')
  await rm(join(folder, 'copy.jpg'))
  await sync()
  expect(await readTree(await pull())).toEqual(await readTree(folder))
  expect(await listTree(await pull('--versions'))).toEqual([
    expect.stringMatching(/^edited \([0-9a-f]{8}\)\.jpg$/),
    'edited.jpg',
    'journey/b.jpg',
    'journey/deep/c.jpg',
    'renamed.jpg',
  ])
})

test('what was deleted comes back where it lay last, and not where others lie now', async () => {
  const { folder, sync, pull } = await homeWith({ 'a.jpg': 'deleted', 'dir/b.jpg': 'deleted with its folder', 'c.jpg': 'stays' })
  await sync()
  const before = await readTree(folder)
  await rm(join(folder, 'a.jpg'))
  await rm(join(folder, 'dir'), { recursive: true })
  await sync()
  expect(await readTree(await pull())).toEqual(before)
  await writeFile(join(folder, 'a.jpg'), 'another')
  await sync()
  expect(await listTree(await pull())).toEqual([expect.stringMatching(/^a \([0-9a-f]{8}\)\.jpg$/), 'a.jpg', 'c.jpg', 'dir/b.jpg'])
})

test('what returns to a place that it had left is there', async () => {
  const { folder, sync, pull } = await homeWith({ 'a.jpg': 'one', 'b.jpg': 'two' })
  await sync()
  await rename(join(folder, 'a.jpg'), join(folder, 'c.jpg'))
  await sync()
  await rename(join(folder, 'c.jpg'), join(folder, 'a.jpg'))
  await sync()
  expect(await readTree(await pull())).toEqual(await readTree(folder))
})

test('a folder whose disk is away, or of which only a part is looked at, has lost nothing', async () => {
  const { user, folder, sync, pull } = await homeWith({ 'a.jpg': 'one', 'sub/b.jpg': 'two' })
  await sync()
  const before = await readTree(folder)
  await rename(folder, join(user.folder, 'elsewhere'))
  await mkdir(folder)
  await user.here('sync', folder, '--library', user.library)
  expect(await readTree(await pull())).toEqual(before)
  await rm(folder, { recursive: true })
  await rename(join(user.folder, 'elsewhere'), folder)
  await sync()
  expect(await readTree(await pull())).toEqual(before)
})

test('what was edited while the local state was lost comes back as it is now', async () => {
  const { user, folder, sync, pull } = await homeWith({ 'a.mp4': 'before', 'b.mp4': 'stays', 'c.mp4': 'one of several versions' })
  await sync()
  for (const bytes of ['two', 'after']) {
    await loseState(user)
    await writeFile(join(folder, 'a.mp4'), bytes)
    await writeFile(join(folder, 'c.mp4'), `another, ${bytes}`)
    await sync()
  }
  expect(await readTree(await pull())).toEqual(await readTree(folder))
  expect(await listTree(await pull('--versions'))).toHaveLength(7)
  await loseState(user)
  await writeFile(join(folder, 'a.mp4'), 'before')
  await sync()
  expect(await readTree(await pull())).toEqual(await readTree(folder))
  await rm(join(folder, 'a.mp4'))
  await sync()
  expect(await listTree(await pull())).toEqual(['a.mp4', 'b.mp4', 'c.mp4'])
})

test('what lies in two folders of one name comes back from both, with the local state and without', async () => {
  const { user, folder, sync, pull } = await homeWith({ 'a.mp4': 'on the first card' })
  const other = join(user.folder, 'other', 'camera')
  await writeTree(other, { 'a.mp4': 'on the second card' })
  for (const source of [folder, other]) {
    await loseState(user)
    expect(await user.here('sync', source, '--library', user.library)).toMatchObject({ exitCode: 0 })
  }
  expect(await listTree(await pull())).toEqual([expect.stringMatching(/^a \([0-9a-f]{8}\)\.mp4$/), 'a.mp4'])
  await sync(other)
  expect(await listTree(await pull())).toHaveLength(2)
})

test.each([
  ['with the local state', false],
  ['with a local state that was lost', true],
])('one original in two folders of one name is brought once, and stays when it is edited in one: %s', async (_, losesState) => {
  const { user, folder, pull } = await homeWith({ 'a.mp4': 'one', 'b.mp4': 'stays' })
  const other = join(user.folder, 'other', 'camera')
  await writeTree(other, { 'a.mp4': 'one' })
  const sync = async (...folders: readonly string[]) =>
    expect(await user.here('sync', ...folders, '--library', user.library)).toMatchObject({ exitCode: 0 })
  await sync(folder, other)
  expect(await readTree(await pull())).toEqual(await readTree(folder))
  await writeFile(join(other, 'a.mp4'), 'edited')
  if (losesState) await loseState(user)
  else await sync(folder, other)
  await sync(other)
  const pulled = await readTree(await pull())
  expect([...pulled.keys()].toSorted()).toEqual([expect.stringMatching(/^a \([0-9a-f]{8}\)\.mp4$/), 'a.mp4', 'b.mp4'])
  const there = [...(await readTree(folder)).values(), ...(await readTree(other)).values()]
  expect([...pulled.values()].map(({ contentHash }) => contentHash).toSorted()).toEqual(
    there.map(({ contentHash }) => contentHash).toSorted(),
  )
})

test('sidecars come with the photos of a range, and no others', async () => {
  const photo = (taken: string, colour: string) =>
    sharp({ create: { width: 8, height: 8, channels: 3, background: colour } })
      .withExif({ IFD2: { DateTimeOriginal: taken } })
      .jpeg()
      .toBuffer()
  const { pull, sync } = await homeWith({
    'june/IMG_1.JPG': await photo('2021:06:15 12:00:00', 'red'),
    'june/IMG_1.xmp': '<x:xmpmeta one/>',
    'june/IMG_1.JPG.supplemental-meta.json': '{"title":"IMG_1.JPG","photoTakenTime":{"timestamp":"1"}}',
    'july/IMG_1.JPG': await photo('2021:07:15 12:00:00', 'blue'),
    'july/IMG_1.xmp': '<x:xmpmeta two/>',
    'june/undated.png': await sharp({ create: { width: 8, height: 8, channels: 3, background: 'green' } })
      .png()
      .toBuffer(),
  })
  await sync()
  expect(await listTree(await pull('--since', '2021-06', '--until', '2021-06'))).toEqual([
    'june/IMG_1.JPG',
    'june/IMG_1.JPG.supplemental-meta.json',
    'june/IMG_1.xmp',
  ])
})
