import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorCode } from '../error-code.ts'
import { makeFolder } from '../make-folder.ts'
import { type LockHolder, lockHolderSchema } from './lock-holder.ts'

/** `held`: somebody's lock. `free`: it was let go of. */
export interface LockFile {
  readonly kind: 'held' | 'free'
  readonly name: string
  /** Of any size: after every number there is a next one. */
  readonly number: bigint
}

/**
 * The files that make a lock: `NAME-held-N`, of which nobody can make one that is there already, and `NAME-free-N`, which is
 * left when it is let go of. The highest number holds; of two with the same number, the held one. Numbers only grow, so that
 * who has looked at an older state of things cannot take what somebody has taken since.
 */
export interface LockFiles {
  /** The highest one first. */
  list(): Promise<readonly LockFile[]>
  /** Undefined where the file does not say, or is gone. */
  readHolder(file: LockFile): Promise<LockHolder | undefined>
  /** Something that changes with every beat of the holder; undefined when the file is gone. */
  readBeat(file: LockFile): Promise<string | undefined>
  /** Tells others that the holder is there. False when the file is gone. */
  beat(file: LockFile): Promise<boolean>
  /** Makes the folder where it is gone. Undefined where somebody else was faster. */
  take(number: bigint, holder: LockHolder): Promise<LockFile | undefined>
  /** Lets go of a lock that is held. */
  free(file: LockFile): Promise<void>
  remove(file: LockFile): Promise<void>
  /** Removes all that is older than a lock that is held, and what killed processes have left. */
  removeOlder(file: LockFile): Promise<void>
}

/** @param path what the names of all of them begin with */
export function openLockFiles(path: string): LockFiles {
  const folder = dirname(path)
  const prefix = path.slice(folder.length + 1)
  const pathOf = (file: Pick<LockFile, 'name'>): string => join(folder, file.name)
  const nameOf = (kind: LockFile['kind'], number: bigint): string => `${prefix}-${kind}-${number}`

  const readNames = async (): Promise<readonly string[]> => (await unlessGone(readdir(folder))) ?? []

  const list = async (): Promise<readonly LockFile[]> => {
    const files = (await readNames()).flatMap((name): LockFile[] => {
      const [, kind, number] = name.startsWith(prefix) ? (/^-(held|free)-(\d+)$/.exec(name.slice(prefix.length)) ?? []) : []
      return number === undefined ? [] : [{ kind: kind === 'held' ? 'held' : 'free', name, number: BigInt(number) }]
    })
    return files.toSorted((one, other) => (one.number === other.number ? heldFirst(one) : other.number > one.number ? 1 : -1))
  }

  return {
    list,

    async readHolder(file) {
      try {
        return lockHolderSchema.parse(JSON.parse(await readFile(pathOf(file), 'utf8')))
      } catch {
        return undefined
      }
    },

    async readBeat(file) {
      const stats = await unlessGone(stat(pathOf(file), { bigint: true }))
      return stats && `${stats.ino} ${stats.mtimeNs}`
    },

    async beat(file) {
      const now = new Date()
      return (await unlessGone(utimes(pathOf(file), now, now).then(() => true))) ?? false
    },

    async take(number, holder) {
      const taken = { kind: 'held', name: nameOf('held', number), number } as const
      const text = `${JSON.stringify(holder)}\n`
      const draft = join(folder, `${prefix}-draft-${randomBytes(6).toString('hex')}`)
      await makeFolder(folder, 0o700)
      try {
        await write(draft, text)
        await link(draft, pathOf(taken))
        return taken
      } catch (error) {
        return hasNoLinks(error) ? await takeWithoutLinks(pathOf(taken), text, taken) : requireRace(error)
      } finally {
        await rm(draft, { force: true })
      }
    },

    async free(file) {
      await unlessGone(rename(pathOf(file), join(folder, nameOf('free', file.number + 1n))))
    },

    async remove(file) {
      await rm(pathOf(file), { force: true })
    },

    async removeOlder(file) {
      const older = (await list()).filter(({ number }) => number < file.number)
      const drafts = (await readNames()).filter((name) => name.startsWith(`${prefix}-draft-`))
      for (const name of [...older.map((each) => each.name), ...drafts]) await sweep(join(folder, name))
    },
  }
}

function heldFirst({ kind }: LockFile): number {
  return kind === 'held' ? -1 : 1
}

/** Also a folder that somebody has made. What cannot be removed is in nobody's way. */
async function sweep(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true })
  } catch (error) {
    if (errorCode(error) === undefined) throw error
  }
}

/** FAT and some network shares have no hard links. There, who is killed at this very moment leaves a lock that says nothing. */
async function takeWithoutLinks(path: string, text: string, taken: LockFile): Promise<LockFile | undefined> {
  try {
    await write(path, text)
    return taken
  } catch (error) {
    return requireRace(error)
  }
}

/** On a full disk a file can be made, but says nothing: then only its heartbeat tells whether its holder is alive. */
async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (errorCode(error) !== 'ENOSPC' || !existsSync(path)) throw error
  }
}

function hasNoLinks(error: unknown): boolean {
  return ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(errorCode(error) ?? '')
}

/** Somebody has taken it, or has swept the draft away. Throws again what is anything else. */
function requireRace(error: unknown): undefined {
  if (errorCode(error) !== 'EEXIST' && errorCode(error) !== 'ENOENT') throw error
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
