import type { ClassicLevel } from 'classic-level'
import type { Attempt } from './registrations.ts'

/** A file by its folder and its name, one character (U+0000 to U+00FF) a byte. */
export interface RecordKey {
  readonly folder: string
  readonly name: string
}

/**
 * The folders of which files are remembered, each with one of their names: as long as that file is there, so is its folder.
 * A step through them costs a key for each folder, however many files are remembered.
 */
export interface KnownFolders {
  /** Those at or below a path, in the order of their bytes. */
  below(path: string): AsyncIterable<RecordKey>
  has(folder: string): Promise<boolean>
  /** Another name of the folder is remembered than the one that is told. */
  put(key: RecordKey): Promise<void>
  /** Nothing of the folder is remembered any more. */
  remove(folder: string): Promise<void>
}

type Database = ClassicLevel<string, Buffer>

/** Before every path, which begins with a slash, and beside the registrations, the sources and the digests. */
const prefix = '\u0004'
const foldersAtOnce = 500

export function openKnownFolders(database: Database, attempt: Attempt): KnownFolders {
  const page = (gte: string, lt: string): Promise<readonly RecordKey[]> =>
    attempt(async () => (await database.iterator({ gte, lt, limit: foldersAtOnce }).all()).map(decode), [])

  return {
    async *below(path) {
      yield* await page(`${prefix}${path}`, `${prefix}${path}\0`)
      const inside = path.endsWith('/') ? path : `${path}/`
      for (let from = `${prefix}${inside}`; ; ) {
        const folders = (await page(from, `${prefix}${inside}\uffff`)).filter(({ folder }) => folder !== path)
        yield* folders
        const last = folders.at(-1)
        if (last === undefined) return
        from = `${prefix}${last.folder}\0`
      }
    },
    has: (folder) => attempt(async () => (await database.get(knownFolderKeyOf(folder))) !== undefined, false),
    put: (key) => attempt(() => database.put(knownFolderKeyOf(key.folder), knownFolderValueOf(key.name)), undefined),
    remove: (folder) => attempt(() => database.del(knownFolderKeyOf(folder)), undefined),
  }
}

export function knownFolderKeyOf(folder: string): string {
  return `${prefix}${folder}`
}

export function knownFolderValueOf(name: string): Buffer {
  return Buffer.from(name, 'latin1')
}

function decode([key, value]: [string, Buffer]): RecordKey {
  return { folder: key.slice(prefix.length), name: value.toString('latin1') }
}
