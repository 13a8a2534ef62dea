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
  /** The scan has come to its end. */
  end(): Promise<ScanMemory>
}

/** What came by, in the whole of a scan. */
export interface ScanMemory {
  /** The sources in which there were files. */
  readonly found: readonly Source[]
  /** Remembered folders of which nothing was taken, though there are names in them: ignored ones, links and the like. */
  readonly withoutFiles: ReadonlySet<BytePath>
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
  /** Up to here its records are looked through, this one included. Undefined while no file of the folder has come by. */
  lastName: BytePath | undefined
  /** Names that are there and were not taken. */
  hasOthers: boolean
}

/** Fewer are most often all that is left of a folder: then all that is remembered of it is read in one go. */
const manyFiles = 250

export function openFolderMemory({ state, sources, isWhole, usesDigests }: FolderMemoryOptions): FolderMemory {
  const found = new Set<Source>()
  const withoutFiles = new Set<BytePath>()
  const settling = createSettlingFolders(state.digests)
  let current: CurrentFolder | undefined

  const enterFolder = async (path: BytePath): Promise<CurrentFolder> => ({
    path,
    digestsBefore: usesDigests ? await state.digests.find(path) : [],
    digests: [],
    settling: settling.enter(path),
    isUnchanged: usesDigests,
    lastName: undefined,
    hasOthers: false,
  })

  const leaveFolder = async (): Promise<void> => {
    if (current === undefined) return
    const { path, lastName, isUnchanged, digests, digestsBefore } = current
    if (lastName === undefined) return await leaveWithoutFiles(current)
    if (isUnchanged && digests.length === digestsBefore.length) return
    // What comes after the last file that was found has vanished, or was not looked at.
    if (isWhole && lastName !== afterEveryName) {
      keepOpen(await releaseVanished(path, await state.findRecords(path, justAfter(lastName), afterEveryName), state), current)
    }
    if (usesDigests) await current.settling.complete(digests)
  }

  /** One with a note in it may be one that a disk is mounted on: what it lost is judged when the scan has come to its end. */
  const leaveWithoutFiles = async ({ path, hasOthers }: CurrentFolder): Promise<void> => {
    if (isWhole && hasOthers && (await state.folders.has(path))) withoutFiles.add(path)
  }

  /** The records of what is there and was not taken are to be read each time: it may vanish. */
  const keepOpen = ({ othersAreLeft }: { readonly othersAreLeft: boolean }, { settling }: CurrentFolder): void => {
    if (othersAreLeft) settling.giveUp()
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
    if (isWhole) keepOpen(await keepVanished(folder.path, files, records, state), at)
    return records
  }

  return {
    async recall(batch) {
      const { folder, files } = batch
      if (current?.path !== folder.path) {
        await leaveFolder()
        current = await enterFolder(folder.path)
      }
      current.hasOthers ||= batch.leftOut.length + batch.outcomes.length > 0
      const [first, last] = [files.at(0), files.at(-1)]
      if (first === undefined || last === undefined) return { kind: 'records', records: new Map() }
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
      return { found: [...found], withoutFiles }
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
): Promise<{ readonly othersAreLeft: boolean }> {
  // Most often every record is that of a file, and counting is enough to know.
  if (files.reduce((known, { name }) => known + (records.has(name) ? 1 : 0), 0) === records.size) return { othersAreLeft: false }
  const names = new Set(files.map(({ name }) => name))
  return await releaseVanished(
    folder,
    [...records].filter(([name]) => !names.has(name)),
    state,
  )
}
