import { type BytePath, joinBytePath } from '../byte-path.ts'
import { type FileRecord, isSameFile } from '../state/file-record.ts'
import type { LocalState } from '../state/local-state.ts'
import { locationPathOf, type ScannedBatch, type ScannedFile } from './scan.ts'
import type { Source } from './sources.ts'
import { afterEveryName, justAfter, registrationsOf, releaseVanished } from './vanished.ts'

/** What is remembered of the files that a scan comes by. */
export interface FolderMemory {
  /**
   * What is remembered of a batch's files. What the remote has of those that changed since, and of those that vanished, is
   * kept as registrations, of which it is told at the end of the run.
   */
  recall(batch: ScannedBatch): Promise<ReadonlyMap<BytePath, FileRecord>>
  /** The scan has come to its end. Resolves with the sources in which it found files. */
  end(): Promise<readonly Source[]>
}

export interface FolderMemoryOptions {
  readonly state: LocalState
  readonly sources: readonly Source[]
  /** Whether every name of a folder comes by, in order; else nothing is said to have vanished. */
  readonly isWhole: boolean
}

/** Fewer are most often all that is left of a folder: then all that is remembered of it is read in one go. */
const manyFiles = 250

export function openFolderMemory({ state, sources, isWhole }: FolderMemoryOptions): FolderMemory {
  const found = new Set<Source>()
  let previous: { readonly folder: BytePath; readonly lastName: BytePath } | undefined

  /** What comes after the last file that was found in a folder has vanished, or was not looked at. */
  const leaveFolder = async (): Promise<void> => {
    if (previous === undefined || previous.lastName === afterEveryName || !isWhole) return
    const { folder, lastName } = previous
    await releaseVanished(folder, await state.findRecords(folder, justAfter(lastName), afterEveryName), state)
  }

  /** Of a whole folder, also the names between those that come by. */
  const rangeOf = (folder: BytePath, files: readonly ScannedFile[]): { readonly from: BytePath; readonly to: BytePath } => {
    const [first = '', last = ''] = [files.at(0)?.name, files.at(-1)?.name]
    if (!isWhole) return { from: first, to: last }
    const from = previous?.folder === folder ? firstAfter(previous.lastName, first) : ''
    return { from, to: files.length < manyFiles ? afterEveryName : last }
  }

  return {
    async recall({ folder, files }) {
      const first = files.at(0)
      if (first === undefined) return new Map()
      const range = rangeOf(folder.path, files)
      if (previous?.folder !== folder.path) await leaveFolder()
      previous = { folder: folder.path, lastName: range.to }
      const source = sources.find(({ path }) => isAt(path, folder.path) || path === joinBytePath(folder.path, first.name))
      if (source) found.add(source)
      const records = await state.findRecords(folder.path, range.from, range.to)
      await keepChanged(files, records, state)
      if (isWhole) await keepVanished(folder.path, files, records, state)
      return records
    },
    async end() {
      await leaveFolder()
      return [...found]
    },
  }
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
