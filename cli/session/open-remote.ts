import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Context, defaultLibraryFolder, stateFolder } from '../context.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { emptyRemote } from '../remote/empty-remote.ts'
import { openHttpRemote } from '../remote/http-remote.ts'
import type { Remote } from '../remote/remote.ts'
import { createTransport, type Transport } from '../remote/transport.ts'
import { type LocalState, openLocalState } from '../state/local-state.ts'
import { createNoState } from '../state/no-state.ts'
import { hasLibrary, type LibraryLog, openLibrary, requireLibrary } from './open-library.ts'

export interface RemoteOptions {
  /** The folder of an embedded library; without it the one in the user's data folder. */
  readonly library?: string | undefined
  /**
   * Where there is no library: `create` makes one, for a command that puts something into it; `pretend` answers as an empty
   * one would; `require` is a `UserError` with exit code 10.
   */
  readonly whenMissing: 'create' | 'pretend' | 'require'
  readonly log: LibraryLog
}

export interface OpenedRemote {
  readonly remote: Remote
  readonly transport: Transport
  /** What a person should know of where their photos go, in lower case, a line each. */
  readonly notes: readonly string[]
  /** What this machine remembers of the remote. Throws a `UserError` with exit code 11 while another run has it open. */
  openState(): Promise<LocalState>
  close(): Promise<void>
}

/** The remote of this run: a library of one's own, until there is a deployment to sign in to. */
export async function openRemote(options: RemoteOptions, context: Context): Promise<OpenedRemote> {
  const folder = resolve(options.library ?? defaultLibraryFolder(context))
  if (options.whenMissing === 'require') await requireLibrary(folder)
  const isThere = await hasLibrary(folder)
  if (!isThere && options.whenMissing === 'pretend') return pretendRemote(folder)
  if (options.library !== undefined) requireParent(folder)
  const library = await openLibrary(folder, options.log)
  const transport = createTransport()
  const close = async () => {
    transport.close()
    await library.close()
  }
  try {
    const { url, accessToken, whenUnreachable } = library
    const remote = await openHttpRemote({ url, accessToken, whenUnreachable, transport, signal: context.signal })
    const openState = () => openLocalState(stateFolder(context), remote.configuration.remoteId)
    return { remote, transport, notes: notesOf(folder, options.library === undefined, !isThere), openState, close }
  } catch (error) {
    await close()
    throw error
  }
}

function pretendRemote(folder: string): OpenedRemote {
  const transport = createTransport()
  return {
    remote: emptyRemote,
    transport,
    notes: [`there is no library in ${folder} yet; a run that is not dry makes one`],
    openState: async () => createNoState(),
    close: async () => transport.close(),
  }
}

/** Throws a `UserError` where the folder of a library cannot be made because its disk is missing. */
export function requireParent(folder: string): void {
  const parent = dirname(folder)
  if (existsSync(parent)) return
  throw new UserError(`${parent} does not exist; is its disk mounted?`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: `mount it, or make the folder: mkdir -p '${parent}'`,
  })
}

/** What is said of a library that was made just now. */
export function newLibraryNote(folder: string): string {
  return `made a new library in ${folder}`
}

function notesOf(folder: string, isDefault: boolean, isNew: boolean): readonly string[] {
  return [
    ...(isDefault ? [`no remote configured: the photos are kept on this machine, in ${folder}`] : []),
    ...(isNew ? [newLibraryNote(folder)] : []),
  ]
}
