import { existsSync } from 'node:fs'
import { type ClientRequest, get, type IncomingMessage } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { ListenOptions, ListenProblem } from '../../embedded/listen-rules.ts'
import type { EmbeddedBackend, EmbeddedOptions } from '../../embedded/serve.ts'
import { errorCode } from '../error-code.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { makeFolder } from '../make-folder.ts'
import { readBody } from '../remote/transport.ts'
import type { Session } from './session.ts'

/** A library that answers: opened in this process, or found open in another one. */
export interface OpenedLibrary extends Session {
  readonly url: string
  /** Why nobody answers any more, where another process has it open. */
  readonly whenUnreachable?: (cause: unknown) => UserError
  close(): Promise<void>
}

/** What the backend logs about its own failures; shown with `--verbose`. */
export type LibraryLog = (line: string) => void

/**
 * Reaches the `photos serve` (or other run) that has the library open, or opens it in this process. The backend is loaded
 * only then.
 */
export async function openLibrary(folder: string, log: LibraryLog): Promise<OpenedLibrary> {
  const { LibraryInUseError } = await import('../../embedded/serving.ts')
  for (let attempts = 1; ; attempts += 1) {
    const served = await findServed(folder)
    if (served) return served
    try {
      return asOpened(await serveHere(folder, { log: (entry) => log(JSON.stringify(entry)) }))
    } catch (error) {
      if (!(error instanceof LibraryInUseError)) throw error
      if (attempts === attemptsToOpen) throw stillOpening(folder, error)
      await wait(betweenAttemptsMs)
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

/** Another process has the library locked but does not answer yet, or no longer: that takes a second or two. */
const attemptsToOpen = 40
const betweenAttemptsMs = 250

function stillOpening(folder: string, cause: unknown): UserError {
  const hint = 'wait for the other run of photos to end, and try again'
  return new UserError(`another process has the library ${folder} open and does not answer`, {
    exitCode: exitCodes.remoteUnreachable,
    hint,
    cause,
  })
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

/** The library as another process serves it; undefined where none does. Nobody else's process gets to see a token. */
async function findServed(folder: string): Promise<OpenedLibrary | undefined> {
  const { findServing } = await import('../../embedded/serving.ts')
  const serving = await findServing(folder)
  if (serving === undefined) return undefined
  const [{ findLibrary }, { openIssuer }, { challengeLibrary }] = await Promise.all([
    import('../../embedded/library.ts'),
    import('../../embedded/issuer.ts'),
    import('../../embedded/library-proof.ts'),
  ])
  // A damaged library is told when it is opened.
  const identity = await findLibrary(folder).catch(() => undefined)
  if (identity === undefined) return undefined
  const challenge = challengeLibrary(identity, serving.url)
  if (!challenge.isProvenBy(await askAt(new URL(challenge.path, serving.url)))) return undefined
  const issuer = await openIssuer(identity)
  return {
    url: serving.url,
    owner: identity.owner,
    accessToken: () => issuer.issueAccessToken(identity, new Date()),
    idToken: () => issuer.issueIdToken(identity, new Date()),
    whenUnreachable: (cause) => noLongerServed(folder, cause),
    close: async () => {},
  }
}

function noLongerServed(folder: string, cause: unknown): UserError {
  const hint = 'run the same command again: it then opens the library itself; nothing is lost'
  return new UserError(`the photos serve (or other run) that had the library ${folder} open has ended`, {
    exitCode: exitCodes.remoteUnreachable,
    hint,
    cause,
  })
}

/** A process that takes longer is asked again when the library turns out to be open. */
const patienceMs = 5000
const longestAnswerBytes = 1024

/** What is answered there, where anybody may listen by now; empty where nobody does. */
async function askAt(url: URL): Promise<string> {
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { agent: false, timeout: patienceMs }, resolve)
        .on('timeout', function (this: ClientRequest) {
          this.destroy()
        })
        .on('error', reject)
    })
    return (await readBody(response, longestAnswerBytes)).toString()
  } catch {
    return ''
  }
}

const folderFailures: Readonly<Record<string, string>> = {
  EACCES: 'may not be written',
  EPERM: 'may not be written',
  EROFS: 'lies on a read-only file system',
  ENOSPC: 'lies on a full disk',
  ENOENT: 'cannot be made here',
  ENOTDIR: 'is not a folder',
  EEXIST: 'is not a folder',
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
  const hint = 'choose another folder with --library DIR'
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
