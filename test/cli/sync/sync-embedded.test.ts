import { execFileSync } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createOriginalSender } from '../../../cli/sync/original-sender.ts'
import type { ListEntry } from '../../../contract/photos.ts'
import { collect } from '../../collect.ts'
import { corpusFolder } from '../../corpus.ts'
import { openLibraryInTest } from '../../embedded/library-in-test.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { hashOf } from './remote-in-memory.ts'
import { clockAhead, runSync } from './run-sync.ts'

const bad = corpusFolder('bad')

/** A tree as `make_names.py` and `make_special.py` of the corpus make it. */
async function makeTree(script: string): Promise<string> {
  const folder = join(await temporaryFolder(), 'TREE')
  execFileSync('python3', [join(bad ?? '', script), folder])
  return folder
}

/** Whoever waits for the backend waits until it has nothing more to do. */
async function openInTest() {
  const { backend, remote, transport } = await openLibraryInTest(await temporaryFolder())
  const clock = { ...clockAhead(), delay: () => backend.queue.whenIdle() }
  return { remote, sender: createOriginalSender(transport), stateFolder: await temporaryFolder(), clock }
}

/** The bytes of every location's path that the remote lists, with the content hash. */
function locationsIn(entries: readonly ListEntry[]): readonly (readonly [string, string])[] {
  return entries.flatMap((entry) => {
    if (entry.kind !== 'location') return []
    const { path, pathBytes } = entry.location
    return [[Buffer.from(pathBytes ?? path, pathBytes ? 'base64' : 'utf8').toString('latin1'), entry.contentHash] as const]
  })
}

describe('sync to the embedded backend', () => {
  it.skipIf(!bad)('backs up files with hostile names, under those very names', async () => {
    const folder = await makeTree('make_names.py')
    const options = await openInTest()
    const run = await runSync([folder], options)
    expect(Object.keys(run.counts).filter((action) => !['uploaded', 'already_stored', 'skipped'].includes(action))).toEqual([])
    const listed = locationsIn(await collect(options.remote.listPhotos({})))
    expect(listed.length).toBe((run.counts['uploaded'] ?? 0) + (run.counts['already_stored'] ?? 0))
    for (const [path, contentHash] of listed) {
      const bytes = await readFile(Buffer.concat([Buffer.from(join(folder, '..', '/')), Buffer.from(path, 'latin1')]))
      expect(hashOf(bytes)).toBe(contentHash)
    }
    expect((await runSync([folder], options)).counts['uploaded']).toBeUndefined()
  })

  it.skipIf(!bad)('comes through a tree of special files', async () => {
    const folder = await makeTree('make_special.py')
    // Five real gigabytes on their way would say nothing new about this.
    await rm(join(folder, 'sparse-5GiB.mov'))
    const run = await runSync([folder], await openInTest())
    const reasons = new Set(run.outcomes.map(({ reason }) => reason))
    expect(reasons).toContain('a symbolic link; it is not followed')
    expect(reasons).toContain('a pipe, not a file')
    expect(reasons).toContain('a socket, not a file')
    const sparse = run.outcomes.find(({ path }) => path.endsWith('sparse-1TiB.mp4'))
    expect(sparse).toMatchObject({ action: 'failed', reason: expect.stringMatching(/^too large: 1,099,511,627,776 bytes/) })
    const stored = run.outcomes.filter(({ action }) => ['uploaded', 'already_stored'].includes(action)).map(({ path }) => path)
    for (const name of [
      'hardlink-1.jpg',
      'hardlink-2.jpg',
      'mtime-1970.jpg',
      'mtime-2100.jpg',
      'mtime-negative.jpg',
      'latin1-caf\ufffd.jpg',
    ]) {
      expect(stored).toContain(join(folder, name))
    }
  })
})
