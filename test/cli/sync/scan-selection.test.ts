import { chmod, mkdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bytePathOf, shownPath } from '../../../cli/byte-path.ts'
import { locationPathOf, type ScannedBatch, scan } from '../../../cli/sync/scan.ts'
import { scanListed } from '../../../cli/sync/scan-listed.ts'
import type { Selection } from '../../../cli/sync/selection.ts'
import { findSources } from '../../../cli/sync/sources.ts'
import { collect } from '../../collect.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

/** A folder with these files, by their contents. */
async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(await temporaryFolder(), 'DCIM')
  await mkdir(folder)
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}

const nothingIn = (...paths: readonly string[]): Record<string, string> => Object.fromEntries(paths.map((path) => [path, '']))

interface Taken {
  readonly taken: readonly string[]
  readonly leftOut: readonly string[]
  readonly reasons: readonly string[]
}

function toldOf(batches: readonly ScannedBatch[]): Taken {
  return {
    taken: batches.flatMap(({ files }) => files.map((file) => shownPath(locationPathOf(file)).slice('DCIM/'.length))),
    leftOut: batches.flatMap(({ leftOut }) => leftOut.map(({ name, cause }) => `${shownPath(name)}: ${cause}`)),
    reasons: batches.flatMap(({ outcomes }) => outcomes.map(({ action, reason }) => `${action}: ${reason}`)),
  }
}

async function take(folder: string, selection: Selection): Promise<Taken> {
  return toldOf(await collect(scan(findSources([folder]), { now: () => 1, selection })))
}

describe('names', () => {
  it('takes hidden names when asked, and never junk', async () => {
    const junk = [
      '.DS_Store',
      '._a.jpg',
      '.@__thumb/a.jpg',
      '.Trashes/a.jpg',
      '.Trash-1000/a.jpg',
      '.thumbnails/a.jpg',
      '.pending-1-a.jpg',
    ]
    const folder = await folderOf(nothingIn('.hidden/a.jpg', '.b.jpg', 'c.jpg', ...junk))
    const { taken, leftOut } = await take(folder, { takesHidden: true })
    expect(taken).toEqual(['.b.jpg', 'c.jpg', '.hidden/a.jpg'])
    expect(leftOut).toHaveLength(junk.length)
    expect(leftOut.every((name) => name.endsWith(': junk'))).toBe(true)
  })

  it('leaves out what a pattern excludes, files and whole folders', async () => {
    const folder = await folderOf(
      nothingIn('a.jpg', 'a.mov', 'exports/a.jpg', 'b/exports/a.jpg', 'b/a.mov', 'b/a.jpg', 'exports.jpg'),
    )
    expect(await take(folder, { exclude: ['*.mov', '/exports/'] })).toEqual({
      taken: ['a.jpg', 'exports.jpg', 'b/a.jpg', 'b/exports/a.jpg'],
      leftOut: ['a.mov: filters', 'exports: filters', 'a.mov: filters'],
      reasons: [],
    })
  })

  it('takes only what a pattern includes, files and whole folders', async () => {
    const folder = await folderOf(nothingIn('a.jpg', 'a.mov', 'keep/a.mov', 'b/a.jpg', 'b/keep/c/a.mov'))
    const { taken, leftOut } = await take(folder, { include: ['*.jpg', 'keep/'] })
    expect(taken).toEqual(['a.jpg', 'b/a.jpg', 'b/keep/c/a.mov', 'keep/a.mov'])
    expect(leftOut).toEqual(['a.mov: filters'])
  })

  it('obeys .photosignore in any folder, the inner one first, but never against --exclude', async () => {
    const folder = await folderOf({
      ...nothingIn('a.jpg', 'a.mov', 'b/a.mov', 'b/c/a.mov', 'b/c/a.jpg', 'b/c/keep.jpg', 'd/a.jpg', 'e/a.tif'),
      '.photosignore': '# no videos\n*.mov\n/d/\n',
      'b/.photosignore': '!*.mov\r\n/c/*.jpg\r\n!keep.jpg',
      'e/.photosignore': '!*.tif',
    })
    const { taken, leftOut } = await take(folder, { exclude: ['*.tif'], filterLines: ['a.jpg'] })
    expect(taken).toEqual(['b/a.mov', 'b/c/a.mov', 'b/c/keep.jpg'])
    expect(leftOut.filter((name) => name.endsWith('junk'))).toEqual([
      '.photosignore: junk',
      '.photosignore: junk',
      '.photosignore: junk',
    ])
  })

  it('takes all where .photosignore cannot be read, and says so', async () => {
    const folder = await folderOf(nothingIn('a.jpg'))
    await mkdir(join(folder, '.photosignore'))
    expect(await take(folder, {})).toMatchObject({
      taken: ['a.jpg'],
      reasons: ['failed: cannot be read, so nothing is left out by it: it is no file'],
    })
  })

  it('takes all where .photosignore has more patterns than can be held against each path, and says so', async () => {
    const patterns = Array.from({ length: 1000 }, (_, index) => `*${index}?.mov`)
    const folder = await folderOf({ ...nothingIn('a.jpg', 'b.mov'), '.photosignore': ['# all', '*.jpg', ...patterns].join('\n') })
    expect(await take(folder, {})).toMatchObject({
      taken: ['a.jpg', 'b.mov'],
      reasons: ['failed: cannot be read, so nothing is left out by it: it has more than 1000 patterns'],
    })
    await writeFile(join(folder, '.photosignore'), ['# all', '', '*.jpg', ...patterns.slice(1)].join('\n'))
    expect(await take(folder, {})).toMatchObject({ taken: ['b.mov'], reasons: [] })
  })

  it('applies patterns to a single file that is named, too', async () => {
    const folder = await folderOf(nothingIn('a.jpg'))
    const batches = await collect(scan(findSources([join(folder, 'a.jpg')]), { now: () => 1, selection: { exclude: ['*.jpg'] } }))
    expect(toldOf(batches)).toMatchObject({ leftOut: ['a.jpg: filters'] })
  })
})

describe('size and time', () => {
  it('takes sizes from the smallest to the largest, both included', async () => {
    const folder = await folderOf({ '1.jpg': '1', '2.jpg': '22', '3.jpg': '333', '4.jpg': '4444' })
    expect((await take(folder, { minimumSizeBytes: 2, maximumSizeBytes: 3 })).taken).toEqual(['2.jpg', '3.jpg'])
  })

  it('takes modification times from the first to before the last', async () => {
    const folder = await folderOf(nothingIn('1.jpg', '2.jpg', '3.jpg', '4.jpg'))
    for (const second of [1, 2, 3, 4]) await utimes(join(folder, `${second}.jpg`), second, second)
    expect((await take(folder, { modifiedFromMs: 2000, modifiedBeforeMs: 4000 })).taken).toEqual(['2.jpg', '3.jpg'])
  })

  it('takes sidecars along with their photo, whatever their size, and no others', async () => {
    const folder = await folderOf({
      ...nothingIn(
        'IMG_1.aae',
        'IMG_E1.aae',
        'IMG_1.xmp',
        'IMG_1.JPG.xmp',
        'IMG_1.JPG.json',
        'IMG_1.JPG.supplemental-metad.json',
      ),
      ...nothingIn('IMG_2.xmp', 'IMG_2.JPG', 'IMG_1.json.txt', 'other/IMG_1.xmp'),
      'IMG_1.JPG': 'large',
    })
    expect((await take(folder, { minimumSizeBytes: 5 })).taken).toEqual([
      'IMG_1.JPG',
      'IMG_1.JPG.json',
      'IMG_1.JPG.supplemental-metad.json',
      'IMG_1.JPG.xmp',
      'IMG_1.aae',
      'IMG_1.xmp',
      'IMG_E1.aae',
    ])
    expect((await take(folder, { minimumSizeBytes: 5, exclude: ['*.aae', '*.json'] })).taken).toEqual([
      'IMG_1.JPG',
      'IMG_1.JPG.xmp',
      'IMG_1.xmp',
    ])
    expect((await take(folder, { include: ['IMG_2.JPG'] })).taken).toEqual(['IMG_2.JPG', 'IMG_2.xmp'])
  })

  it('takes a sidecar of its own accord, and not that of a photo that is excluded', async () => {
    const folder = await folderOf({ 'a.xmp': 'large', 'a.jpg': '', 'b.xmp': '', 'b.jpg': 'large' })
    expect((await take(folder, { minimumSizeBytes: 5, exclude: ['b.jpg'] })).taken).toEqual(['a.xmp'])
  })
})

describe('links', () => {
  it('follows them to files and folders, also out of the source, and ends where they go round', async () => {
    const folder = await folderOf(nothingIn('a/1.jpg', 'b.jpg'))
    await mkdir(join(folder, '../elsewhere'))
    await writeFile(join(folder, '../elsewhere/2.jpg'), '')
    await symlink('../elsewhere', join(folder, 'c'))
    await symlink('b.jpg', join(folder, 'd.jpg'))
    await symlink('nowhere', join(folder, 'e.jpg'))
    await symlink('f.jpg', join(folder, 'f.jpg'))
    await symlink('..', join(folder, 'a/up'))
    await symlink(folder, join(folder, '../elsewhere/around'))
    expect(await take(folder, { followsLinks: true })).toEqual({
      taken: ['b.jpg', 'd.jpg', 'a/1.jpg', 'c/2.jpg'],
      leftOut: [],
      reasons: [
        'skipped: a symbolic link that leads nowhere',
        'skipped: a symbolic link that leads round in a circle',
        'skipped: a symbolic link back to a folder that it lies in',
        'skipped: a symbolic link back to a folder that it lies in',
      ],
    })
    const [batch] = await collect(scan(findSources([folder]), { now: () => 1, selection: { followsLinks: true } }))
    expect(batch?.files.map(({ name, isLinked = false, fingerprint }) => [name, isLinked, fingerprint.inode])).toEqual([
      ['b.jpg', false, batch?.files[0]?.fingerprint.inode],
      ['d.jpg', true, batch?.files[0]?.fingerprint.inode],
    ])
  })

  it('follows none into a library of photos', async () => {
    const folder = await folderOf(nothingIn('a.jpg'))
    const library = join(folder, '../library')
    await mkdir(join(library, '.photos'), { recursive: true })
    await mkdir(join(library, 'originals'))
    await writeFile(join(library, '.photos/library.json'), '{}')
    await writeFile(join(library, 'originals/b.jpg'), '')
    await symlink(library, join(folder, 'whole'))
    await symlink(join(library, 'originals'), join(folder, 'part'))
    await symlink(join(library, 'originals/b.jpg'), join(folder, 'photo.jpg'))
    expect(await take(folder, { followsLinks: true })).toEqual({
      taken: ['a.jpg'],
      leftOut: ['part: libraries', 'photo.jpg: libraries', 'whole: libraries'],
      reasons: [],
    })
  })
})

describe('listed paths', () => {
  async function takeListed(folder: string, paths: readonly string[], selection: Selection): Promise<Taken> {
    const listed = paths.map((path) => bytePathOf(join(folder, path)))
    return toldOf(await collect(scanListed(findSources([folder]), listed, { now: () => 1, selection })))
  }

  it('filters them as a full scan does, but takes hidden ones that a person lists', async () => {
    const folder = await folderOf({
      ...nothingIn('a.jpg', 'a.mov', 'b/a.jpg', 'b/c/a.jpg', 'd/a.jpg', '.hidden/a.jpg', '.hidden/.a.jpg', '.DS_Store'),
      'b/.photosignore': 'c/',
    })
    const paths = ['a.jpg', 'a.mov', 'b/a.jpg', 'b/c/a.jpg', 'd/a.jpg', '.hidden/a.jpg', '.hidden', '.DS_Store']
    expect(await takeListed(folder, paths, { exclude: ['*.mov', '/d'], takesListedHidden: true })).toEqual({
      taken: ['a.jpg', 'b/a.jpg', '.hidden/a.jpg', '.hidden/a.jpg'],
      leftOut: ['a.mov: filters', 'c: filters', 'd: filters', '.a.jpg: hidden', '.DS_Store: junk'],
      reasons: [],
    })
  })

  it('takes a listed sidecar with its photo', async () => {
    const folder = await folderOf({ 'a.xmp': '', 'a.jpg': 'large', 'b.xmp': '', 'b.jpg': '' })
    expect((await takeListed(folder, ['a.xmp', 'b.xmp'], { minimumSizeBytes: 5 })).taken).toEqual(['a.xmp'])
  })

  it('takes listed sidecars by the photos that lie beside them at that moment', async () => {
    const folder = await folderOf({ 'a.xmp': '', 'b.xmp': '', 'b.jpg': '', 'd.xmp': '', 'c/a.xmp': '', 'c/a.jpg': 'large' })
    await utimes(folder, 0, 0) // so that the next change shows, however soon it comes
    const paths = (async function* () {
      yield* ['a.xmp', 'b.xmp', 'c/a.xmp']
      await writeFile(join(folder, 'd.jpg'), 'large')
      yield 'd.xmp'
    })()
    const listed = async function* () {
      for await (const path of paths) yield bytePathOf(join(folder, path))
    }
    const options = { now: () => 1, selection: { minimumSizeBytes: 5 } }
    expect(toldOf(await collect(scanListed(findSources([folder]), listed, options))).taken).toEqual(['c/a.xmp', 'd.xmp'])
  })

  it('goes through links where they are followed', async () => {
    const folder = await folderOf(nothingIn('a/1.jpg'))
    await symlink('a', join(folder, 'b'))
    expect((await takeListed(folder, ['b/1.jpg'], { followsLinks: true })).taken).toEqual(['b/1.jpg'])
  })
})

it.skipIf(process.getuid?.() === 0)('names a folder that it may list and not look into, whatever is filtered', async () => {
  const folder = await folderOf(nothingIn('closed/a.jpg', 'closed/a.xmp'))
  await chmod(join(folder, 'closed'), 0o400)
  onTestFinished(() => chmod(join(folder, 'closed'), 0o700))
  expect((await take(folder, { minimumSizeBytes: 1 })).reasons).toEqual([
    'failed: permission denied',
    'failed: permission denied',
  ])
})
