import type { BytePath } from '../byte-path.ts'
import { isRacy } from '../state/file-record.ts'
import type { FolderDigests } from '../state/folder-digests.ts'
import type { ScannedFile } from './scan.ts'

/** A folder that a scan comes by. Its digests are kept once all of its files are confirmed. */
export interface SettlingFolder {
  /** They are not confirmed yet. To be said before they are passed on. */
  expect(files: readonly ScannedFile[]): void
  /** Not all of its files will be confirmed. */
  giveUp(): void
  /** Every file of the folder has come by. */
  complete(digests: readonly Buffer[]): Promise<void>
}

/** Folders of which files are on their way to the remote. */
export interface SettlingFolders {
  enter(path: BytePath): SettlingFolder
  /** The remote has them, and that is remembered. */
  confirmed(files: readonly ScannedFile[]): Promise<void>
}

interface Awaited {
  readonly files: Set<ScannedFile>
  /** Once the folder is complete. */
  digests: readonly Buffer[] | undefined
  isGivenUp: boolean
}

/** Beyond these, the one that has waited longest is given up, as its files may have failed: its records are read next time. */
const mostAwaited = 1000

export function createSettlingFolders(kept: Pick<FolderDigests, 'put'>): SettlingFolders {
  /** Those with files on their way, in the order in which the first of these came by. */
  const awaitedByPath = new Map<BytePath, Awaited>()

  const giveUp = (path: BytePath, awaited: Awaited): void => {
    awaited.isGivenUp = true
    awaited.files.clear()
    if (awaitedByPath.get(path) === awaited) awaitedByPath.delete(path)
  }

  const makeRoom = (): void => {
    const [oldest] = awaitedByPath
    if (oldest !== undefined && awaitedByPath.size > mostAwaited) giveUp(...oldest)
  }

  const settle = async (path: BytePath, { files, digests, isGivenUp }: Awaited): Promise<void> => {
    if (isGivenUp || files.size > 0 || digests === undefined) return
    awaitedByPath.delete(path)
    await kept.put(path, digests)
  }

  return {
    enter(path) {
      const awaited: Awaited = { files: new Set(), digests: undefined, isGivenUp: false }
      return {
        expect(files) {
          if (awaited.isGivenUp || files.length === 0) return
          for (const file of files) awaited.files.add(file)
          awaitedByPath.set(path, awaited)
          makeRoom()
        },
        giveUp: () => giveUp(path, awaited),
        async complete(digests) {
          awaited.digests = digests
          await settle(path, awaited)
        },
      }
    },
    async confirmed(files) {
      for (const file of files) {
        const awaited = awaitedByPath.get(file.folder.path)
        // What was touched just now is not remembered.
        if (awaited === undefined || isRacy(file.fingerprint, file.seenAtMs) || !awaited.files.delete(file)) continue
        await settle(file.folder.path, awaited)
      }
    },
  }
}
