import { existsSync, statSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bytePathOf } from '../../../cli/byte-path.ts'
import type { RunEvent } from '../../../cli/run-event.ts'
import type { SourceRecord } from '../../../cli/state/source-records.ts'
import { mountPointOf } from '../../../cli/sync/mount-point.ts'
import { type ScanOptions, scan } from '../../../cli/sync/scan.ts'
import { scanListed } from '../../../cli/sync/scan-listed.ts'
import { findSources, type Source } from '../../../cli/sync/sources.ts'
import { type WatchSourcesOptions, watchSources } from '../../../cli/sync/watch-sources.ts'
import { collect } from '../../collect.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

interface RunOptions extends Partial<Pick<WatchSourcesOptions, 'allowsEmpty' | 'dryRun'>> {
  readonly selection?: ScanOptions['selection']
  /** Only these, below the root. */
  readonly listed?: readonly string[]
}

/** Folders of a user, and runs over them that remember each other. */
async function worldInTest() {
  const root = await temporaryFolder()
  const remembered = new Map<string, SourceRecord>()
  const missing: string[] = []
  const records = {
    find: async (path: string) => remembered.get(path),
    put: async (path: string, record: SourceRecord) => void remembered.set(path, record),
  }
  const run = async (
    names: readonly string[],
    { selection, listed, ...options }: RunOptions = {},
  ): Promise<readonly RunEvent[]> => {
    const told: RunEvent[] = []
    const tell = async (events: readonly RunEvent[]) => void told.push(...events)
    const now = () => new Date(2026, 10, 23, 12).getTime()
    const sources = findSources(names.map((name) => join(root, name)))
    const lookThrough = listed && ((source: Source) => scan([source], { now, selection }))
    const paths = listed?.map((path) => bytePathOf(join(root, path)))
    const scanned = paths ? scanListed(sources, paths, { now, selection }) : scan(sources, { now, selection })
    const onMissing = (source: Source) => void missing.push(source.path)
    const mayBeForgotten = async () => false
    const common = { records, mayBeForgotten, allowsEmpty: false, dryRun: false, now, tell, lookThrough, onMissing }
    await collect(watchSources(scanned, sources, { ...common, ...options }))
    return told
  }
  const fill = async (name: string, ...files: readonly string[]): Promise<void> => {
    await mkdir(join(root, name), { recursive: true })
    for (const file of files) await writeFile(join(root, name, file), file)
  }
  const empty = async (name: string): Promise<void> => {
    await rm(join(root, name), { recursive: true })
    await mkdir(join(root, name))
  }
  return { root, remembered, missing, run, fill, empty }
}

const incomplete = (message: RegExp) => ({ kind: 'incomplete', exitCode: 4, message: expect.stringMatching(message) })

describe('a source that had files', () => {
  test('and is empty now is told, run after run, until its files are back', async () => {
    const { run, fill, empty } = await worldInTest()
    await fill('DCIM/100CANON', 'a.jpg', 'b.jpg')
    expect(await run(['DCIM'])).toEqual([])
    await empty('DCIM')
    const message = /DCIM is empty, and had 2 files on 2026-11-23; is its disk mounted\? .+ --allow-empty$/
    for (const _ of [1, 2]) expect(await run(['DCIM'])).toEqual([incomplete(message)])
    await fill('DCIM', 'a.jpg')
    expect(await run(['DCIM'])).toEqual([])
  })

  test('is believed to be empty when the user says so, and from then on', async () => {
    const { run, fill, empty } = await worldInTest()
    await fill('DCIM', 'a.jpg')
    await run(['DCIM'])
    await empty('DCIM')
    const note = { kind: 'note', message: expect.stringMatching(/^there are no files in .+DCIM$/) }
    expect(await run(['DCIM'], { allowsEmpty: true })).toEqual([note])
    expect(await run(['DCIM'])).toEqual([note])
  })

  test('does not hide the others', async () => {
    const { run, fill, empty } = await worldInTest()
    await fill('A', 'a.jpg')
    await fill('B', 'b.jpg')
    await run(['A', 'B'])
    await empty('A')
    expect(await run(['A', 'B'])).toEqual([incomplete(/A is empty/)])
  })

  test('is not empty because of what is left out by filters, but because of hidden names and junk it is', async () => {
    const { run, fill, empty } = await worldInTest()
    await fill('DCIM', 'a.jpg')
    await run(['DCIM'])
    expect(await run(['DCIM'], { selection: { exclude: ['*.jpg'] } })).toEqual([])
    expect(await run(['DCIM'], { selection: { modifiedFromMs: Date.UTC(2200, 0) } })).toEqual([])
    await empty('DCIM')
    await fill('DCIM', '.nomount', 'Thumbs.db')
    expect(await run(['DCIM'])).toEqual([incomplete(/DCIM is empty/)])
  })

  test.skipIf(process.getuid?.() === 0)('and of which a folder cannot be listed now is nothing to be judged', async () => {
    const { root, run, fill, remembered } = await worldInTest()
    await fill('DCIM/100CANON', 'a.jpg')
    await run(['DCIM'])
    const before = new Map(remembered)
    await chmod(join(root, 'DCIM/100CANON'), 0)
    expect(await run(['DCIM'])).toEqual([])
    await chmod(join(root, 'DCIM/100CANON'), 0o700)
    expect(remembered).toEqual(before)
  })

  test('is not there because of a note in its bare mount point, nor of a note that filters leave out', async () => {
    const { root, run, fill, empty, missing } = await worldInTest()
    await fill('DCIM', 'a.jpg', 'b.mp4', 'notes.txt')
    await run(['DCIM'])
    await empty('DCIM')
    await fill('DCIM', 'NOT_MOUNTED.txt', 'a.xmp')
    const message = /DCIM has no photos or videos any more, and had 2 of them on 2026-11-23; is its disk mounted\?/
    expect(await run(['DCIM'])).toEqual([incomplete(message)])
    expect(missing).toEqual([bytePathOf(join(root, 'DCIM'))])
    expect(await run(['DCIM'], { selection: { include: ['*.jpg'] } })).toEqual([incomplete(message)])
    expect(await run(['DCIM'], { allowsEmpty: true })).toEqual([])
    expect(await run(['DCIM'])).toEqual([])
  })

  test('has them still where filters leave out a folder', async () => {
    const { run, fill } = await worldInTest()
    await fill('DCIM/2026', 'a.jpg')
    await fill('DCIM', 'notes.txt')
    await run(['DCIM'])
    expect(await run(['DCIM'], { selection: { exclude: ['2026'] } })).toEqual([])
  })

  test('and lies where its disk was mounted, which is not there now, is told, though somebody has put other files there', async () => {
    const { root, run, fill, remembered } = await worldInTest()
    await fill('mnt/DCIM', 'a.jpg')
    // No test may mount anything: it is remembered as if a disk had been.
    const path = bytePathOf(join(root, 'mnt/DCIM'))
    remembered.set(path, { files: 40_000, mountPoint: bytePathOf(join(root, 'mnt')), seenAtMs: new Date(2026, 0, 2).getTime() })
    const message =
      /DCIM had 40000 files on 2026-01-02, on a disk that was mounted at .+\/mnt and is not now; is its disk mounted/
    expect(await run(['mnt/DCIM'])).toEqual([incomplete(message)])
    expect(await run(['mnt/DCIM'], { allowsEmpty: true })).toEqual([])
    expect(await run(['mnt/DCIM'])).toEqual([])
    expect(remembered.get(path)).toMatchObject({ files: 1, mountPoint: mountPointOf(path) })
  })

  test('and is a link that leads elsewhere now is another one', async () => {
    const { root, run, fill } = await worldInTest()
    await fill('card-1', 'a.jpg')
    await fill('card-2', 'b.jpg')
    await symlink(join(root, 'card-1'), join(root, 'card'))
    await run(['card'])
    await rm(join(root, 'card'))
    await symlink(join(root, 'card-2'), join(root, 'card'))
    expect(await run(['card'])).toEqual([])
  })
})

test('a folder that is empty from the beginning is a note', async () => {
  const { root, run, empty, fill } = await worldInTest()
  await fill('DCIM')
  await empty('DCIM')
  expect(await run(['DCIM'])).toEqual([{ kind: 'note', message: `there are no files in ${join(root, 'DCIM')}` }])
})

test('a dry run says the same, and remembers nothing', async () => {
  const { run, fill, empty, remembered } = await worldInTest()
  await fill('DCIM', 'a.jpg')
  await run(['DCIM'], { dryRun: true })
  expect(remembered.size).toBe(0)
  await run(['DCIM'])
  await empty('DCIM')
  expect(await run(['DCIM'], { dryRun: true })).toEqual([incomplete(/DCIM is empty/)])
})

test('a run that is stopped on its way judges nothing', async () => {
  const { root, run, fill, remembered } = await worldInTest()
  await fill('DCIM', 'a.jpg')
  await run(['DCIM'])
  const sources = findSources([join(root, 'DCIM')])
  const told: RunEvent[] = []
  const tell = async (events: readonly RunEvent[]) => void told.push(...events)
  const stopped = async function* () {
    yield* []
    throw new Error('stopped')
  }
  const records = { find: async (path: string) => remembered.get(path), put: async () => {} }
  const options = { records, mayBeForgotten: async () => false, allowsEmpty: false, dryRun: false, now: Date.now, tell }
  await expect(collect(watchSources(stopped(), sources, options))).rejects.toThrow('stopped')
  expect(told).toEqual([])
})

describe('a list of paths', () => {
  test.each([
    ['an empty list', []],
    ['paths that are gone', ['DCIM/a.jpg']],
  ])('%s of a source that had photos and has none now is told', async (_name, listed) => {
    const { run, fill, empty } = await worldInTest()
    await fill('DCIM', 'a.jpg', 'b.jpg')
    await run(['DCIM'])
    expect(await run(['DCIM'], { listed })).toEqual([])
    await empty('DCIM')
    for (const _ of [1, 2]) expect(await run(['DCIM'], { listed })).toEqual([incomplete(/DCIM is empty, and had 2 files/)])
    expect(await run(['DCIM'], { listed, allowsEmpty: true })).toEqual([])
  })

  test('is enough to know that there was something', async () => {
    const { run, fill, empty } = await worldInTest()
    await fill('DCIM', 'a.jpg', 'b.jpg')
    expect(await run(['DCIM'], { listed: ['DCIM/a.jpg'] })).toEqual([])
    await empty('DCIM')
    expect(await run(['DCIM'], { listed: [] })).toEqual([incomplete(/DCIM is empty, and had at least 1 file on/)])
  })

  test('does not make the source smaller than it was', async () => {
    const { run, fill, empty } = await worldInTest()
    await fill('DCIM', 'a.jpg', 'b.jpg')
    await run(['DCIM'])
    await run(['DCIM'], { listed: ['DCIM/a.jpg'] })
    await empty('DCIM')
    expect(await run(['DCIM'])).toEqual([incomplete(/had 2 files on/)])
  })
})

describe('a disk that is mounted below a source', () => {
  test('and is not there any more is told, whether or not its folder is, and the rest goes on', async () => {
    const { root, run, fill, remembered, missing } = await worldInTest()
    await fill('DCIM', 'a.jpg')
    await fill('DCIM/card', 'NOT_MOUNTED.txt')
    await run(['DCIM'])
    // No test may mount anything: it is remembered as if disks had been.
    const path = bytePathOf(join(root, 'DCIM'))
    const before = remembered.get(path)
    const mountsBelow = ['card', 'stick'].map((name) => bytePathOf(join(root, 'DCIM', name)))
    if (before) remembered.set(path, { ...before, mountsBelow })
    const told = ['card', 'stick'].map((name) =>
      incomplete(new RegExp(`DCIM/${name} was a disk with photos, and is not mounted now; .+ --allow-empty$`)),
    )
    for (const _ of [1, 2]) expect(await run(['DCIM'])).toEqual(told)
    expect(await run(['DCIM'], { listed: ['DCIM/a.jpg'] })).toEqual(told)
    expect(missing).toEqual([])
    expect(await run(['DCIM'], { allowsEmpty: true })).toEqual([])
    expect(await run(['DCIM'])).toEqual([])
  })

  test.skipIf(!isAnotherDisk('/dev/shm'))('is remembered', async () => {
    const { root, run, fill, remembered } = await worldInTest()
    const memory = await mkdtemp('/dev/shm/photos-')
    onTestFinished(() => rm(memory, { recursive: true }))
    await writeFile(join(memory, 'b.jpg'), 'b')
    await fill('DCIM', 'a.jpg')
    await symlink(memory, join(root, 'DCIM/linked'))
    await run(['DCIM'], { selection: { followsLinks: true } })
    expect(remembered.get(bytePathOf(join(root, 'DCIM')))).toMatchObject({ files: 2, media: 2, mountsBelow: ['/dev/shm'] })
    await run(['DCIM'])
    expect(remembered.get(bytePathOf(join(root, 'DCIM')))).toMatchObject({ files: 1, mountsBelow: ['/dev/shm'] })
  })
})

function isAnotherDisk(path: string): boolean {
  return existsSync(path) && statSync(path).dev !== statSync(tmpdir()).dev
}
