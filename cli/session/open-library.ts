import { existsSync } from 'node:fs'
import type { ListenOptions, ListenProblem } from '../../embedded/listen-rules.ts'
import type { EmbeddedBackend, EmbeddedOptions } from '../../embedded/serve.ts'
import { errorCode } from '../error-code.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { makeFolder } from '../make-folder.ts'
import { findServed } from './find-served.ts'
import { reopenWhenLeft } from './reopen-library.ts'
import type { Session } from './session.ts'
import { startWaiting, type WaitOptions } from './wait-for-library.ts'

/** A library that answers: opened in this process, or found open in another one. */
export interface OpenedLibrary extends Session {
  readonly url: string
  /** Why nobody answers any more, where another process has it open. */
  readonly whenUnreachable?: (cause: unknown) => UserError
  /** Its URL from now on, where that process has ended, and the library is open again; undefined where it cannot be. */
  readonly reopen?: () => Promise<string | undefined>
  close(): Promise<void>
}

/** What the backend logs about its own failures; shown with `--verbose`. */
export type LibraryLog = (line: string) => void

/**
 * Reaches the `photos serve` (or other run) that has the library open, or opens it in this process. The backend is loaded
 * only then. Who has it open may be opening or closing it, or be frozen: that is waited for, and said. Throws a `UserError`
 * with exit code 11 where it is a run of photos that is at work, 5 where it is anybody else who does not answer in time.
 */
export async function openLibrary(folder: string, log: LibraryLog, options: WaitOptions = {}): Promise<OpenedLibrary> {
  const opened = await findOrOpen(folder, log, options)
  if (opened.whenUnreachable === undefined) return opened
  return reopenWhenLeft(opened, async () => ((await hasLibrary(folder)) ? await findOrOpen(folder, log, options) : undefined))
}

async function findOrOpen(folder: string, log: LibraryLog, options: WaitOptions): Promise<OpenedLibrary> {
  const { LibraryInUseError } = await import('../../embedded/serving.ts')
  const waiting = startWaiting(folder, options)
  for (;;) {
    const served = await findServed(folder, waiting)
    if (served) return served
    try {
      return asOpened(await serveHere(folder, { log: (entry) => log(JSON.stringify(entry)) }))
    } catch (error) {
      if (!(error instanceof LibraryInUseError)) throw error
      await waiting.again(error)
    }
  }
}

function asOpened(backend: EmbeddedBackend): OpenedLibrary {
  const { localUrl, identity } = backend
  return {
    url: localUrl,
    owner: identity.owner,
    accessToken: () => backend.accessToken(),
    idToken: () => backend.idToken(),
    close: () => backend.close(),
  }
}

/** Of a library that we make. Pictures are private: whom else of this machine they are for is their owner's to say. */
export const libraryMode = 0o700

export async function hasLibrary(folder: string): Promise<boolean> {
  const { libraryPaths } = await import('../../embedded/library.ts')
  return existsSync(libraryPaths(folder).identity)
}

/** Throws a `UserError` with exit code 10 when nothing was ever backed up to this folder. */
export async function requireLibrary(folder: string): Promise<void> {
  if (await hasLibrary(folder)) return
  const hint = 'back something up first: photos sync DIR; or name a library with --library DIR'
  throw new UserError(`there is no library in ${folder}`, { exitCode: exitCodes.noRemote, hint })
}

/** The address to listen on is in use, or not of this machine. */
export class AddressTakenError extends UserError {}

export interface ServeOptions extends Partial<ListenOptions> {
  readonly log: EmbeddedOptions['log']
}

/** Opens the library in this process. Throws a LibraryInUseError when another one has it open. */
export async function serveHere(folder: string, { log, ...address }: ServeOptions): Promise<EmbeddedBackend> {
  const { requireServable, serveLibrary } = await import('../../embedded/serve.ts')
  const { NotALibraryError } = await import('../../embedded/library.ts')
  const { ListenRefusedError } = await import('../../embedded/listen-rules.ts')
  const { DamagedAccountsError } = await import('../../embedded/accounts.ts')
  try {
    await requireServable({ folder, ...address })
    await makeFolder(folder, libraryMode)
    return await serveLibrary({ folder, ...address, log })
  } catch (error) {
    if (error instanceof NotALibraryError || error instanceof DamagedAccountsError) {
      const hint = 'restore the file from a backup of the library, or choose another folder with --library'
      throw new UserError(error.message, { exitCode: exitCodes.remoteUnreachable, hint, cause: error })
    }
    if (error instanceof ListenRefusedError) {
      throw new UserError(error.message, { exitCode: exitCodes.usage, hint: listenHints[error.problem], cause: error })
    }
    throw asUserError(error, folder, address)
  }
}

const listenHints: Readonly<Record<ListenProblem, string>> = {
  'no-accounts': 'say who may sign in first: photos users add EMAIL',
  'no-tls': 'give --tls-cert FILE --tls-key FILE; or --insecure-http, where you trust everybody in the network',
  'bad-certificate': 'give --tls-cert a file in PEM form, with -----BEGIN CERTIFICATE-----',
  'outdated-certificate': 'give --tls-cert a certificate that is valid today; or set the clock of this machine',
  'bad-key': 'give --tls-key a file in PEM form, with -----BEGIN PRIVATE KEY-----',
  'other-key': 'give --tls-cert and --tls-key the two files that were made together',
  'bad-public-url': 'give --public-url nothing but scheme, host and port: https://photos.example.org',
}

const folderFailures: Readonly<Record<string, string>> = {
  EACCES: 'may not be written',
  EPERM: 'may not be written',
  EROFS: 'lies on a read-only file system',
  ENOSPC: 'lies on a full disk',
  ENOENT: 'cannot be made here',
  ENOTDIR: 'is not a folder',
  EEXIST: 'is not a folder',
  ELOOP: 'is a symbolic link that leads round in a circle',
}

const addressFailures: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program',
  EADDRNOTAVAIL: 'is not on this machine',
  EACCES: 'may not be listened on: ports below 1024 are for the system',
  ENOTFOUND: 'is not on this machine',
  EAI_AGAIN: 'is not on this machine',
}

/** A folder that cannot be used is the user's to mend; an address in use, too; all else is a bug. */
export function asUserError(error: unknown, folder: string, { host, port }: Omit<ServeOptions, 'log'>): unknown {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return error
  if ('syscall' in error && (error.syscall === 'getaddrinfo' || (error.syscall === 'listen' && 'port' in error))) {
    const failure = addressFailures[error.code] ?? `cannot be listened on (${error.code})`
    const hint = 'choose another one with --listen HOST:PORT'
    return new AddressTakenError(`${host}:${port} ${failure}`, { exitCode: exitCodes.usage, hint, cause: error })
  }
  const failure = findFolderFailure(error)
  if (failure === undefined) return error
  const isFull = /no space left|full disk|quota/.test(failure)
  const hint = isFull ? 'make room on its disk, then run the command again' : 'choose another folder with --library DIR'
  return new UserError(`the library folder ${folder} ${failure}`, { exitCode: exitCodes.remoteUnreachable, hint, cause: error })
}

/** What is wrong with the folder, by the error or what is behind it. */
function findFolderFailure(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = errorCode(cause) ?? ''
    // LevelDB tells the system's own words at the end: `IO error: PATH: Read-only file system`.
    if (code === 'LEVEL_IO_ERROR') return `cannot be used: ${cause.message.split(': ').at(-1)?.toLowerCase()}`
    if (code === 'LEVEL_CORRUPTION') return 'has a damaged database; its originals are still there as plain files'
    if (folderFailures[code] !== undefined) return folderFailures[code]
  }
  return undefined
}
