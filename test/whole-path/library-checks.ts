import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { listPhotos, type PhotosUser, summaryOf } from './photos-process.ts'
import { contentHashesOf, type FileInTree, listTree, readTree } from './tree.ts'

const originalPath = /^originals\/[\w-]+\/([0-9a-f]{64})(\.\w+)?$/
const renditionPath = /^renditions\/[\w-]+\/[0-9a-f]{64}\/(thumbnail|view)\.webp(~1)?$/
const locationsPath = /^locations\/[\w-]+\/[\w%.-]+\.json$/

/** Whatever a person can see in the library is whole, at any moment. */
export async function requireWholeFiles(library: string): Promise<void> {
  const originals = await readTree(join(library, 'originals'))
  for (const [path, { contentHash }] of originals) expect(originalPath.exec(`originals/${path}`)?.[1]).toBe(contentHash)
  for (const path of await visiblePaths(library)) {
    if (originalPath.test(path)) continue
    const bytes = await readFile(join(library, path))
    if (renditionPath.test(path)) expect([path, bytes.length]).toEqual([path, bytes.readUInt32LE(4) + 8])
    else if (locationsPath.test(path)) expect(() => JSON.parse(bytes.toString())).not.toThrow()
    else expect.unreachable(`${path} does not belong into a library`)
  }
}

async function visiblePaths(library: string): Promise<readonly string[]> {
  return (await listTree(library)).filter((path) => !path.startsWith('.photos/'))
}

/** The library has the folder's files once each, nothing waits any more, and a pull brings back the same folder. */
export async function requireBackedUp(user: PhotosUser, folder: string): Promise<void> {
  const tree = await readTree(folder)
  const contentHashes = [...contentHashesOf(tree)].toSorted()
  const again = await user.here('sync', folder, '--library', user.library, '--json')
  expect(summaryOf(again)).toMatchObject({ uploaded: 0, already_stored: tree.size, failed: 0, exit_code: 0 })

  const listed = await listPhotos(user)
  expect(listed.map((photo) => photo.content_hash).toSorted()).toEqual(contentHashes)
  await requireWholeFiles(user.library)
  const originals = await readTree(join(user.library, 'originals'))
  expect([...originals.values()].map(({ contentHash }) => contentHash).toSorted()).toEqual(contentHashes)
  expect(await listTree(join(user.library, '.photos', 'uploads'))).toEqual([])

  await requirePulled(user, folder, tree)
}

let pulls = 0

export async function requirePulled(user: PhotosUser, folder: string, tree: ReadonlyMap<string, FileInTree>): Promise<void> {
  const pulled = join(user.folder, `pulled-${++pulls}`)
  const finished = await user.here('pull', '--to', pulled, '--library', user.library)
  expect(finished).toMatchObject({ exitCode: 0 })
  expect(await readTree(join(pulled, folder.split('/').at(-1) ?? ''))).toEqual(tree)
}
