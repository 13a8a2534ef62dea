import { lstatSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type BytePath, bytePathOf, bytesOf, joinBytePath } from '../byte-path.ts'
import { candidatePaths } from '../pull/targets.ts'
import { explainFilling, openUnfinishedFolder } from '../pull/unfinished-folder.ts'
import { type MoveOptions, moveFile, type OpenFile, removeLeftNames, syncFolderOf } from './move-file.ts'
import { nearestThere } from './quarantine-folder.ts'
import { openReceipts } from './receipts.ts'

/** A file whose stored original was verified, and where it was found. */
export interface VerifiedFile extends OpenFile {
  /** Where it goes, below the quarantine. */
  readonly location: BytePath
  readonly sizeBytes: number
  readonly verifiedAt: string
}

/** The folder into which files are moved aside. */
export interface Quarantine extends AsyncDisposable {
  /** Absolute. */
  readonly folder: string
  /**
   * Moves a file in, and writes that down before and after. Resolves with its new path; undefined where other files have every name
   * for it. Throws a `FileChangedError` when it is another file by now, and the file system's error.
   */
  take(file: VerifiedFile): Promise<BytePath | undefined>
}

export interface QuarantineOptions extends Pick<MoveOptions, 'signal' | 'hardLink'> {
  readonly remoteId: string
  readonly now: () => Date
}

/** For who hears that the disk is full. */
export const everyFileIsWhole = 'every file is whole, where it was or where it was moved to'

const filling = { command: 'free-up', folderName: '.photos-free-up', meanwhile: everyFileIsWhole }

/** Makes the folder where it is not there. Throws a `UserError` while another run moves files into it, or when it cannot be written to. */
export async function openQuarantine(folder: string, options: QuarantineOptions): Promise<Quarantine> {
  const { remoteId, now, signal, hardLink } = options
  const makeFolder = durableMaker(bytePathOf(nearestThere(folder)))
  const unfinished = await openUnfinishedFolder(folder, filling)
  const receipts = await openReceipts(folder).catch(async (error: unknown) => {
    await unfinished[Symbol.asyncDispose]()
    throw explainFilling(error, folder, filling)
  })
  removeLeftNames(join(folder, filling.folderName))
  const root = bytePathOf(folder)

  return {
    folder,
    async take(file) {
      for (const candidate of candidatePaths(file.location, file.contentHash)) {
        const to = joinBytePath(root, candidate)
        if (isTaken(to, file)) continue
        await makeFolder(to.slice(0, to.lastIndexOf('/')))
        const { path: from, contentHash, sizeBytes, verifiedAt } = file
        const receipt = { from, to, contentHash, sizeBytes, remoteId, verifiedAt }
        await receipts.write({ ...receipt, event: 'moving', at: now() })
        if ((await moveFile(file, to, { unfinished, signal, hardLink })) === 'taken') continue
        await receipts.write({ ...receipt, event: 'moved', at: now() })
        return to
      }
      return undefined
    },
    async [Symbol.asyncDispose]() {
      await receipts[Symbol.asyncDispose]()
      await unfinished[Symbol.asyncDispose]()
    },
  }
}

/**
 * Makes folders, and brings their names to the disk, once a run for each: a file whose old name is gone must not lie in a folder
 * that a power failure takes away.
 *
 * @param there a folder above them that has been there for long
 */
function durableMaker(there: BytePath): (folder: BytePath) => Promise<void> {
  const durable = new Set<BytePath>()
  return async (folder) => {
    await mkdir(bytesOf(folder), { recursive: true })
    for (let path = folder; path.length > there.length && !durable.has(path); path = path.slice(0, path.lastIndexOf('/'))) {
      syncFolderOf(path)
      durable.add(path)
    }
  }
}

/** By another file: a name of this very one is what a killed run has made. */
function isTaken(path: BytePath, { fingerprint }: OpenFile): boolean {
  const stats = lstatSync(bytesOf(path), { throwIfNoEntry: false })
  return stats !== undefined && !(stats.dev === fingerprint.device && stats.ino === fingerprint.inode)
}
