import { constants } from 'node:fs'
import { type FileHandle, lstat, open, realpath, stat } from 'node:fs/promises'
import { errorCode } from '../error-code.ts'
import { describeFailure } from '../state/level-failure.ts'

export interface PrivateText {
  readonly text: string
  /** What others on this machine could do with the file until now, for people; absent where it was private. */
  readonly exposure: string | undefined
}

/**
 * The file at a path, or the one that a link there leads to, so that a link stays one when its file is replaced. Throws where
 * there is something else.
 */
export async function findRegularFile(path: string): Promise<string> {
  const found = await findStatus(path)
  if (found === undefined) return path
  if (!found.isSymbolicLink()) return requireFile(path, found)
  const target = await realpath(path).catch(() => {
    throw new Error('it is a link that leads nowhere')
  })
  return requireFile(target, await stat(target))
}

async function findStatus(path: string) {
  try {
    return await lstat(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function requireFile(path: string, status: { isFile(): boolean }): string {
  if (!status.isFile()) throw new Error('it is not a file')
  return path
}

/** Reads a file of secrets, and makes it private where it was not. */
export async function readPrivateFile(path: string): Promise<PrivateText> {
  // A named pipe that has taken the file's place since would keep who opens it waiting.
  const handle = await open(await findRegularFile(path), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const exposure = await makePrivate(handle)
    return { text: await handle.readFile('utf8'), exposure }
  } finally {
    await handle.close()
  }
}

/** Windows has no such rights. */
async function makePrivate(handle: FileHandle): Promise<string | undefined> {
  const rights = (await handle.stat()).mode & 0o777
  if (process.platform === 'win32' || (rights & 0o077) === 0) return undefined
  const exposure = `was open to others on this machine (mode ${rights.toString(8).padStart(4, '0')})`
  try {
    await handle.chmod(0o600)
    return `${exposure}; it is private from now on`
  } catch (error) {
    return `${exposure}, and cannot be made private: ${describeFailure(error)}`
  }
}
