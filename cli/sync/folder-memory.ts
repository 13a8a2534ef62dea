import { type BytePath, joinBytePath } from '../byte-path.ts'
import { type FileRecord, isSameFile } from '../state/file-record.ts'
import type { LocalState } from '../state/local-state.ts'
import { digestOf } from './digest-batch.ts'
import { locationPathOf, type ScannedBatch, type ScannedFile, type ScannedFolder } from './scan.ts'
import { createSettlingFolders, type SettlingFolder } from './settling-folders.ts'
import type { Source } from './sources.ts'
import { afterEveryName, justAfter, registrationsOf, releaseVanished } from './vanished.ts'

/** What is remembered of the files of a batch. */
export type Recalled =
  /** All of them are confirmed, just as they are, and nothing of the folder has vanished up to the last one. */
  { readonly kind: 'unchanged' } | { readonly kind: 'records'; readonly records: ReadonlyMap<BytePath, FileRecord> }

/** What is remembered of the files that a scan comes by, folder by folder. */
export interface FolderMemory {
  /**
   * What is remembered of a batch's files. What the remote has of those that changed since, and of those that vanished, is
   * kept as registrations, of which it is told at the end of the run.
   */
  recall(batch: ScannedBatch): Promise<Recalled>
  /** Not every file of the folder, at which the scan is, will be confirmed. */
  isOutdated(folder: ScannedFolder): void
  /** They are about to be passed on, and are confirmed later in this run unless something goes wrong. */
  expect(folder: ScannedFolder, files: readonly ScannedFile[]): void
  /** The remote has them, and that is remembered. */
  confirmed(files: readonly ScannedFile[]): Promise<void>
  /** The scan has come to its end. Resolves with the sources in which it found files. */
  end(): Promise<readonly Source[]>
}

export interface FolderMemoryOptions {
  readonly state: LocalState
  readonly sources: readonly Source[]
  /** Whether every name of a folder comes by, in order; else nothing is said to have vanished. */
  readonly isWhole: boolean
  /** Folders that look as they did when all of their files were confirmed are told from their digests alone. */
  readonly usesDigests: boolean
}

/** The folder that the scan is at. */
interface CurrentFolder {
  readonly path: BytePath
  readonly digestsBefore: readonly Buffer[]
  readonly digests: Buffer[]
  readonly settling: SettlingFolder
  isUnchanged: boolean
  /** Up to here its records are looked through, this one included. */
  lastName: BytePath | undefined
}

/** Fewer are most often all that is left of a folder: then all that is remembered of it is read in one go. */
const manyFiles = 250

export function openFolderMemory({ state, sources, isWhole, usesDigests }: FolderMemoryOptions): FolderMemory {
  const found = new Set<Source>()
  const settling = createSettlingFolders(state.digests)
  let current: CurrentFolder | undefined

  const enterFolder = async (path: BytePath): Promise<CurrentFolder> => ({
    path,
    digestsBefore: usesDigests ? await state.digests.find(path) : [],
    digests: [],
    settling: settling.enter(path),
    isUnchanged: usesDigests,
    lastName: undefined,
  })

  const leaveFolder = async (): Promise<void> => {
    if (current === undefined) return
    const { path, lastName = '', isUnchanged, digests, digestsBefore } = current
    if (isUnchanged && digests.length === digestsBefore.length) return
    // What comes after the last file that was found has vanished, or was not looked at.
    if (isWhole && lastName !== afterEveryName) {
      await releaseVanished(path, await state.findRecords(path, justAfter(lastName), afterEveryName), state)
    }
    if (usesDigests) await current.settling.complete(digests)
  }

  const isAsBefore = (folder: CurrentFolder, batch: ScannedBatch): boolean => {
    if (!usesDigests) return false
    const digest = digestOf(batch)
    const before = folder.digestsBefore[folder.digests.push(digest) - 1]
    return before?.equals(digest) ?? false
  }

  const readRecords = async ({ folder, files }: ScannedBatch, at: CurrentFolder): Promise<ReadonlyMap<BytePath, FileRecord>> => {
    const { from, to } = rangeOf(files, at.lastName, isWhole)
    at.lastName = to
    const records = await state.findRecords(folder.path, from, to)
    await keepChanged(files, records, state)
    if (isWhole) await keepVanished(folder.path, files, records, state)
    return records
  }

  return {
    async recall(batch) {
      const { folder, files } = batch
      const [first, last] = [files.at(0), files.at(-1)]
      if (first === undefined || last === undefined) return { kind: 'records', records: new Map() }
      if (current?.path !== folder.path) {
        await leaveFolder()
        current = await enterFolder(folder.path)
      }
      const source = sources.find(({ path }) => isAt(path, folder.path) || path === joinBytePath(folder.path, first.name))
      if (source) found.add(source)
      if (isAsBefore(current, batch)) {
        current.lastName = last.name
        return { kind: 'unchanged' }
      }
      current.isUnchanged = false
      return { kind: 'records', records: await readRecords(batch, current) }
    },
    isOutdated(folder) {
      if (current?.path === folder.path) current.settling.giveUp()
    },
    expect(folder, files) {
      if (usesDigests && current?.path === folder.path) current.settling.expect(files)
    },
    confirmed: (files) => settling.confirmed(files),
    async end() {
      await leaveFolder()
      return [...found]
    },
  }
}

/** Of a whole folder, also the names between those that come by. */
function rangeOf(
  files: readonly ScannedFile[],
  lastName: BytePath | undefined,
  isWhole: boolean,
): { readonly from: BytePath; readonly to: BytePath } {
  const [first = '', last = ''] = [files.at(0)?.name, files.at(-1)?.name]
  if (!isWhole) return { from: first, to: last }
  const from = lastName === undefined ? '' : firstAfter(lastName, first)
  return { from, to: files.length < manyFiles ? afterEveryName : last }
}

/** Where to read on. What was read to its end is read again from the first name: other names have not vanished. */
function firstAfter(lastName: BytePath, firstName: BytePath): BytePath {
  return lastName === afterEveryName ? firstName : justAfter(lastName)
}

function isAt(source: BytePath, folder: BytePath): boolean {
  return folder === source || source === '/' || folder.startsWith(`${source}/`)
}

async function keepChanged(
  files: readonly ScannedFile[],
  records: ReadonlyMap<BytePath, FileRecord>,
  state: LocalState,
): Promise<void> {
  const changed = files.flatMap((file) => {
    const record = records.get(file.name)
    if (record === undefined || isCurrent(file, record)) return []
    return registrationsOf({ folder: file.folder.path, name: file.name }, record)
  })
  await state.registrations.put(changed, { durable: false })
}

function isCurrent(file: ScannedFile, record: FileRecord): boolean {
  return record.confirmedLocationBytes === locationPathOf(file).length && isSameFile(record.fingerprint, file.fingerprint)
}

async function keepVanished(
  folder: BytePath,
  files: readonly ScannedFile[],
  records: ReadonlyMap<BytePath, FileRecord>,
  state: LocalState,
): Promise<void> {
  // Most often every record is that of a file, and counting is enough to know.
  if (files.reduce((known, { name }) => known + (records.has(name) ? 1 : 0), 0) === records.size) return
  const names = new Set(files.map(({ name }) => name))
  await releaseVanished(
    folder,
    [...records].filter(([name]) => !names.has(name)),
    state,
  )
}
