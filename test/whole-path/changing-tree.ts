import { createHash } from 'node:crypto'
import { mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import fc from 'fast-check'
import { type ContentHash, contentHashOf } from '../../contract/content-hash.ts'

/** What a person does to a folder of photos. Paths and contents are numbers into the lists below. */
export type Change =
  | { readonly kind: 'write'; readonly path: number; readonly content: number; readonly seconds: number }
  | { readonly kind: 'edit'; readonly file: number; readonly content: number; readonly seconds: number }
  | { readonly kind: 'copy' | 'rename'; readonly file: number; readonly path: number }
  | { readonly kind: 'touch'; readonly file: number; readonly seconds: number }
  | { readonly kind: 'remove'; readonly file: number }
  | { readonly kind: 'rename-folder'; readonly folder: number; readonly to: number }

type ChangeOfFile = Exclude<Change, { readonly kind: 'write' | 'rename-folder' }>

const latin1 = (text: string): string => text
const utf8 = (text: string): string => Buffer.from(text).toString('latin1')

// One character a byte, as everywhere. A folder has no extension and a file has one, so that no path is both.
const folders = ['', 'DCIM/', 'DCIM/100 CANON/', latin1('f\xfcr dich/'), '-rf/', 'a-b/', utf8('Zürich/').normalize('NFC')]
const names = [
  'IMG_1.JPG',
  'IMG_1.xmp',
  'MVI 2.MP4',
  '-n.mp4',
  'two\nlines.mov',
  latin1('gr\xfc\xdfe.mp4'),
  utf8('café.mp4'.normalize('NFC')),
  utf8('café.mp4'.normalize('NFD')),
  `${'x'.repeat(251)}.mp4`,
  utf8(`${'ü'.repeat(125)}y.mp4`),
  '  .mp4',
  '%2e%2e\\.mp4',
]
const paths = folders.flatMap((folder) => names.map((name) => folder + name))

/** So many different originals there are in one tree. */
const contents = 3

const path = fc.nat(paths.length - 1)
const file = fc.nat(20)
const content = fc.nat(contents - 1)
const seconds = fc.integer({ min: -1_000_000, max: 2_000_000_000 })
const folder = fc.integer({ min: 1, max: folders.length - 1 })

const writes = fc.record({ kind: fc.constant('write' as const), path, content, seconds })
const edits = fc.record({ kind: fc.constant('edit' as const), file, content, seconds })
const copies = fc.record({ kind: fc.constantFrom('copy' as const, 'rename' as const), file, path })
const touches = fc.record({ kind: fc.constant('touch' as const), file, seconds })
const removals = fc.record({ kind: fc.constant('remove' as const), file })
const moves = fc.record({ kind: fc.constant('rename-folder' as const), folder, to: folder })

export const firstFiles = fc.array(writes, { minLength: 1, maxLength: 4 })
export const someChanges = fc.array(fc.oneof(writes, edits, copies, touches, removals, moves), { minLength: 1, maxLength: 4 })

/** A folder that changes. */
export interface ChangingTree {
  /** What is in it now: content hashes by path, one character a byte. */
  contents(): ReadonlyMap<string, ContentHash>
  apply(changes: readonly Change[]): Promise<void>
}

interface FileInModel {
  readonly bytes: Buffer
  readonly modified: number
}

/** @param name makes its originals different from those of other trees */
export function changingTree(root: string, name: string): ChangingTree {
  const files = new Map<string, FileInModel>()
  const onDisk = (path: string): Buffer => Buffer.from(`${root}/${path}`, 'latin1')
  const newFile = ({ content, seconds }: { readonly content: number; readonly seconds: number }, fraction: number) => ({
    bytes: Buffer.from(`original ${content} of ${name}`),
    modified: seconds + fraction,
  })

  async function write(path: string, file: FileInModel): Promise<void> {
    await makeFolderOf(path)
    await writeFile(onDisk(path), file.bytes)
    await utimes(onDisk(path), file.modified, file.modified)
    files.set(path, file)
  }

  async function move(from: string, to: string): Promise<void> {
    const file = files.get(from)
    if (file === undefined || from === to) return
    await makeFolderOf(to)
    await rename(onDisk(from), onDisk(to))
    files.delete(from)
    files.set(to, file)
  }

  async function makeFolderOf(path: string): Promise<void> {
    await mkdir(Buffer.from(dirname(`${root}/${path}`), 'latin1'), { recursive: true })
  }

  async function moveFolder(from: string, to: string): Promise<void> {
    const inside = [...files.keys()].filter((path) => path.startsWith(from))
    if (to.startsWith(from) || inside.length === 0 || [...files.keys()].some((path) => path.startsWith(to))) return
    // As a whole, so that its files keep all of their times.
    const [source, target] = [`${root}/${from}`.slice(0, -1), `${root}/${to}`.slice(0, -1)]
    await rm(Buffer.from(target, 'latin1'), { recursive: true, force: true })
    await makeFolderOf(to.slice(0, -1))
    await rename(Buffer.from(source, 'latin1'), Buffer.from(target, 'latin1'))
    for (const path of inside) {
      const file = files.get(path)
      files.delete(path)
      if (file !== undefined) files.set(to + path.slice(from.length), file)
    }
  }

  async function applyOne(change: Change): Promise<void> {
    if (change.kind === 'write') return await write(paths[change.path] ?? '', newFile(change, 0.25))
    if (change.kind === 'rename-folder') return await moveFolder(folders[change.folder] ?? '', folders[change.to] ?? '')
    const entry = [...files][change.file % files.size]
    if (entry !== undefined) await applyTo(entry, change)
  }

  async function applyTo([at, file]: readonly [path: string, FileInModel], change: ChangeOfFile): Promise<void> {
    switch (change.kind) {
      case 'edit':
        return await write(at, newFile(change, 0.5))
      case 'copy':
        return await write(paths[change.path] ?? '', file)
      case 'rename':
        return await move(at, paths[change.path] ?? '')
      case 'touch':
        await utimes(onDisk(at), change.seconds, change.seconds)
        return void files.set(at, { ...file, modified: change.seconds })
      case 'remove':
        await rm(onDisk(at))
        return void files.delete(at)
    }
  }

  return {
    contents: () =>
      new Map([...files].map(([path, { bytes }]) => [path, contentHashOf(createHash('sha256').update(bytes).digest())])),
    async apply(changes) {
      await mkdir(root, { recursive: true })
      for (const change of changes) await applyOne(change)
    },
  }
}
