import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bytePathOf } from '../../../cli/byte-path.ts'
import { locationPathOf } from '../../../cli/sync/scan.ts'
import { scanListed } from '../../../cli/sync/scan-listed.ts'
import { findSources } from '../../../cli/sync/sources.ts'
import { libraryPaths } from '../../../embedded/library.ts'
import { collect } from '../../collect.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

async function touch(...segments: readonly string[]): Promise<void> {
  const path = join(...segments)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, '')
}

/** What comes of these paths inside of `folder`: locations, reasons, and how many were left out. */
async function scanPaths(folder: string, sources: readonly string[], paths: readonly string[]) {
  const listed = paths.map((path) => bytePathOf(join(folder, path)))
  const batches = await collect(scanListed(findSources(sources), listed, { now: () => 1 }))
  return {
    locations: batches.flatMap(({ files }) => files.map(locationPathOf)),
    reasons: batches.flatMap(({ outcomes }) => outcomes.map(({ path, reason }) => `${path.slice(folder.length + 1)}: ${reason}`)),
    leftOut: batches.flatMap(({ leftOut }) => leftOut.map(({ name, cause }) => `${name}: ${cause}`)),
  }
}

describe('scanListed', () => {
  it('looks at these files only, and gives them the locations of a full scan', async () => {
    const folder = await temporaryFolder()
    for (const path of ['DCIM/a/1.jpg', 'DCIM/a/2.jpg', 'DCIM/b/c/3.jpg', 'DCIM/b/4.jpg', 'single.jpg']) await touch(folder, path)
    const sources = [join(folder, 'DCIM'), join(folder, 'single.jpg')]
    const paths = ['DCIM/b', 'DCIM/a/2.jpg', 'single.jpg']
    expect(await scanPaths(folder, sources, paths)).toEqual({
      locations: ['DCIM/b/4.jpg', 'DCIM/b/c/3.jpg', 'DCIM/a/2.jpg', 'single.jpg'],
      reasons: [],
      leftOut: [],
    })
    expect((await scanPaths(folder, sources, ['DCIM'])).locations).toHaveLength(4)
  })

  it('takes a file for part of the innermost source', async () => {
    const folder = await temporaryFolder()
    await touch(folder, 'A/.hidden/1.jpg')
    const sources = [join(folder, 'A'), join(folder, 'A/.hidden')]
    expect((await scanPaths(folder, sources, ['A/.hidden/1.jpg'])).locations).toEqual(['.hidden/1.jpg'])
  })

  it('names what is in no source, not there, or behind a link', async () => {
    const folder = await temporaryFolder()
    await touch(folder, 'DCIM/a.jpg')
    await touch(folder, 'other/b.jpg')
    await symlink('../other', join(folder, 'DCIM/link'))
    await rm(join(folder, 'DCIM/a.jpg'))
    const paths = ['DCIM2/b.jpg', 'DCIM/a.jpg', 'DCIM/gone/c.jpg', 'DCIM/link/b.jpg']
    expect(await scanPaths(folder, [join(folder, 'DCIM')], paths)).toEqual({
      locations: [],
      reasons: [
        'DCIM2/b.jpg: lies in none of the folders of this run',
        'DCIM/a.jpg: not there',
        'DCIM/gone: not there',
        'DCIM/link: a symbolic link; it is not followed',
      ],
      leftOut: [],
    })
  })

  it('leaves out what a full scan leaves out', async () => {
    const folder = await temporaryFolder()
    const library = join(folder, 'DCIM/library')
    await mkdir(libraryPaths(library).own, { recursive: true })
    await writeFile(libraryPaths(library).identity, '{}')
    const paths = ['DCIM/library/originals/a.jpg', 'DCIM/@eaDir/a.jpg', 'DCIM/a.jpg.part', 'DCIM/.hidden/b/c.jpg', 'DCIM/library']
    for (const path of paths.slice(0, -1)) await touch(folder, path)
    expect(await scanPaths(folder, [join(folder, 'DCIM')], paths)).toEqual({
      locations: [],
      reasons: [],
      leftOut: ['library: libraries', '@eaDir: junk', 'a.jpg.part: junk', '.hidden: hidden', ': libraries'],
    })
  })
})
