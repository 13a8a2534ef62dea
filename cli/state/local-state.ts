import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Owner } from '../../contract/owner.ts'
import { errorCode } from '../error-code.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { writeChecksums } from './find-damage.ts'
import { type FolderDigests, openFolderDigests } from './folder-digests.ts'
import { type KnownFolders, openKnownFolders } from './known-folders.ts'
import { describeFailure, findLevelCode, isDamage } from './level-failure.ts'
import { moveAside, type OpenedDatabase, openOrReplace } from './open-database.ts'
import { type Attempt, openRegistrations, type Registrations } from './registrations.ts'
import { openRememberedFiles, type RememberedFiles } from './remembered-files.ts'
import { openSourceRecords, type SourceRecords } from './source-records.ts'
import { openUploadJournal, type UploadJournal } from './upload-journal.ts'

/**
 * What this machine remembers of the files that it has hashed and of those that the remote has confirmed. It saves time
 * and nothing else: what is forgotten is hashed and asked for again. A database that is damaged is moved aside, and a
 * note says so; no call here ever fails for it, nor for a disk that fills up or a folder that somebody deletes: what is new is then
 * not remembered.
 */
export interface LocalState extends RememberedFiles {
  /** Nothing was remembered when it was opened, or nothing can be read: what it does not know may have been known before. */
  isForgetful(): boolean
  readonly folders: KnownFolders
  readonly digests: FolderDigests
  readonly registrations: Registrations
  readonly sources: SourceRecords
  /** Beside the database, so that neither takes the other one along when it is damaged. */
  readonly uploads: UploadJournal
  /** What the user should know about the database since last asked. */
  takeNotes(): readonly string[]
  close(): Promise<void>
}

/** Written into the folder's name; a new version starts anew beside the old one. */
const formatVersion = 2

/** Whose photos, and where: what one remote has confirmed to one account says nothing to another. */
export interface StateKey {
  readonly remoteId: string
  readonly owner: Owner
  /**
   * Of the address that the person gave, as a remote's id is public and any other may claim it. Undefined for a library that
   * was found by its folder, and so is what it says.
   */
  readonly origin: string | undefined
}

/**
 * Opens the state that is kept under `stateFolder`, and makes it where there is none. Throws a `UserError` with exit code 11
 * while another process has it open, and with 5 where the system does not let it be opened (a full disk, a folder of somebody
 * else's).
 */
export async function openLocalState(stateFolder: string, key: StateKey): Promise<LocalState> {
  const path = join(stateFolder, `${stateNameOf(key)}-v${formatVersion}`)
  const notes: string[] = []
  try {
    const opened = await openOrReplace(path, notes)
    const onTrouble = (message: string): void => void notes.push(message)
    // Only now: who has the database open is alone with the journal, too.
    const uploads = await openUploadJournal(`${path}-uploads.json`, { now: Date.now, onTrouble })
    return createLocalState(opened, { path, notes, uploads })
  } catch (error) {
    throw findLevelCode(error) === 'LEVEL_LOCKED' ? locked(error) : cannotBeOpened(path, error)
  }
}

interface StateParts {
  readonly path: string
  readonly notes: string[]
  readonly uploads: UploadJournal
}

function createLocalState({ database, isNew, isInPlace }: OpenedDatabase, { path, notes, uploads }: StateParts): LocalState {
  let isDamaged = false
  let isUsable = true
  const notice = (error: unknown): void => {
    isDamaged ||= isDamage(error)
    const trouble = isDamaged ? 'is damaged' : 'cannot be used'
    if (isUsable) notes.push(`the local state ${trouble} (${describeFailure(error)}); files will be hashed again`)
    isUsable = false
  }
  const attempt: Attempt = async (work, otherwise) => {
    if (!isUsable) return otherwise
    try {
      return await work()
    } catch (error) {
      notice(error)
      return otherwise
    }
  }

  return {
    ...openRememberedFiles(database, attempt),
    isForgetful: () => isNew || !isUsable,
    uploads,
    folders: openKnownFolders(database, attempt),
    digests: openFolderDigests(database, attempt),
    registrations: openRegistrations(database, attempt),
    sources: openSourceRecords(database, attempt),
    takeNotes: () => notes.splice(0),
    async close() {
      await uploads.close()
      const isOurs = await isInPlace()
      await database.close()
      if (isOurs) await leaveBehind(path, isDamaged)
    },
  }
}

/** What the system does not let be done to a closed database is left to the next one who opens it. */
async function leaveBehind(path: string, isDamaged: boolean): Promise<void> {
  try {
    if (isDamaged) await moveAside(path)
    else await writeChecksums(path)
  } catch (error) {
    if (errorCode(error) === undefined) throw error
  }
}

/** No part may hold a dot, so that no other key makes the same name. An origin may be longer than a file's name. */
export function stateNameOf({ remoteId, owner, origin }: StateKey): string {
  const where = origin === undefined ? '' : `.${createHash('sha256').update(origin).digest('hex').slice(0, 32)}`
  return `${remoteId}.${owner}${where}`
}

function locked(cause: unknown): UserError {
  return new UserError('another run of photos is at work with this library or remote', {
    exitCode: exitCodes.locked,
    hint: 'wait until it has ended, then run the command again',
    cause,
  })
}

export function cannotBeOpened(path: string, cause: unknown): UserError {
  return new UserError(`the local state in ${path} cannot be opened: ${describeFailure(cause)}`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: 'make room there, see to its rights, or delete it (files will be hashed again); or name another folder: XDG_STATE_HOME=DIR photos …',
    cause,
  })
}
