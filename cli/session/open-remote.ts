import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Context, defaultLibraryFolder, stateFolder } from '../context.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { emptyRemote } from '../remote/empty-remote.ts'
import { createHttpRemote, openHttpRemote } from '../remote/http-remote.ts'
import type { OutageOptions } from '../remote/outage.ts'
import type { Remote } from '../remote/remote.ts'
import { createTransport, type Transport } from '../remote/transport.ts'
import { formatWords } from '../shell-words.ts'
import type { StateKey } from '../state/local-state.ts'
import { createNoState } from '../state/no-state.ts'
import { type LockedState, openLockedState } from '../state/open-locked-state.ts'
import type { RunLockOptions } from '../state/run-lock.ts'
import { loginCommand } from './hints.ts'
import { rememberLibrary, requireNotAway } from './known-libraries.ts'
import { hasLibrary, type LibraryLog, type OpenedLibrary, openLibrary, requireLibrary } from './open-library.ts'
import { openProfile } from './open-profile.ts'
import { findProfile, type ProfilePlace, requireProfile, requireSession } from './profile.ts'
import { profilePlaceOf } from './profile-place.ts'
import { waitOptionsOf } from './wait-options-of.ts'

export interface RemoteOptions {
  /** The folder of an embedded library. */
  readonly library?: string | undefined
  /**
   * A profile that somebody has signed in to. Where neither is given it is the profile `default`, if there is one, or else
   * the library in the user's data folder.
   */
  readonly profile?: string | undefined
  /**
   * Where there is no library: `create` makes one, for a command that puts something into it; `pretend` answers as an empty
   * one would; `require` is a `UserError` with exit code 10.
   */
  readonly whenMissing: 'create' | 'pretend' | 'require'
  readonly log: LibraryLog
  /** Hears what is waited for; without it stderr does. */
  readonly tell?: ((message: string) => void) | undefined
  /** Given where the run must be alone: so long another one is waited for. */
  readonly waitMs?: number | undefined
}

/** What this run is, how long it waits for another one, and what hears of that. */
export type OpenStateOptions = Pick<RunLockOptions, 'command' | 'waitMs' | 'tell'>

export interface OpenedRemote {
  readonly remote: Remote
  readonly transport: Transport
  /** What a person should know of where their photos go, in lower case, a line each. */
  readonly notes: readonly string[]
  /** As notes, but for who does not want to hear any, too. */
  readonly warnings: readonly string[]
  /** What this machine was called when it was signed in, and so among the devices; undefined for a library. */
  readonly deviceName: string | undefined
  /** What this machine remembers of the remote. Throws a `UserError` with exit code 11 while another run has it open. */
  openState(options: OpenStateOptions): Promise<LockedState>
  close(): Promise<void>
}

/**
 * The remote of this run: that of a profile, or a library of one's own. Throws a `UserError` with exit code 10 where there
 * is none, 12 where nobody is signed in, 5 where it does not answer.
 */
export async function openRemote(options: RemoteOptions, context: Context): Promise<OpenedRemote> {
  const { library, profile } = options
  if (library === undefined) {
    const place = profilePlaceOf(profile, context)
    const isMeant = profile !== undefined || (await findProfile(place)) !== undefined
    if (isMeant) return await openProfileRemote(place, context)
  }
  return await openLibraryRemote(options, context)
}

async function openProfileRemote(place: ProfilePlace, context: Context): Promise<OpenedRemote> {
  const profile = requireSession(await requireProfile(place), place.name)
  const transport = openTransport(context)
  try {
    const { configuration, session } = await openProfile(profile, { place, transport, signal: context.signal })
    // Also where there turns out to be nothing to ask: a session that has ended is to be known today, not with the next photo.
    await session.accessToken({ signal: context.signal })
    const signInHint = `sign in again: ${loginCommand(place.name, profile)}; if that does not help, check the clock of this machine`
    const { remoteId } = configuration
    const { origin, host } = new URL(profile.url)
    return {
      remote: createHttpRemote(configuration, { session, transport, signInHint }),
      transport,
      notes: [`the remote is ${host}, signed in as ${profile.session.account.email}`],
      warnings: [],
      deviceName: profile.session.device.name,
      openState: stateOpener({ remoteId, owner: session.owner, origin }, transport, context),
      close: async () => transport.close(),
    }
  } catch (error) {
    transport.close()
    throw error
  }
}

async function openLibraryRemote(options: RemoteOptions, context: Context): Promise<OpenedRemote> {
  const folder = resolve(options.library ?? defaultLibraryFolder(context))
  await requireNotAway(folder, context)
  if (options.whenMissing === 'require') await requireLibrary(folder)
  const isThere = await hasLibrary(folder)
  if (!isThere && options.whenMissing === 'pretend') return pretendRemote(folder, context)
  if (options.library !== undefined) requireParent(folder)
  const library = await openLibrary(folder, options.log, waitOptionsOf(folder, options, context))
  if (options.whenMissing === 'create') await rememberLibrary(folder, context)
  const transport = openTransport(context, { revive: () => follow(library, transport) })
  const close = async () => {
    transport.close()
    await library.close()
  }
  try {
    const { url, whenUnreachable } = library
    const common = { session: library, transport, whenUnreachable, signInHint: libraryHint }
    const remote = await openHttpRemote({ ...common, url, signal: context.signal })
    const { remoteId } = remote.configuration
    const openState = stateOpener({ remoteId, owner: library.owner, origin: undefined }, transport, context)
    const notes = notesOf(folder, options.library === undefined, !isThere)
    return { remote, transport, ...notes, deviceName: undefined, openState, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Resolves with whether the library is open again, after the process that had it open has ended. */
async function follow({ url, reopen }: OpenedLibrary, { httpAgent }: Transport): Promise<boolean> {
  const newUrl = await reopen?.()
  if (newUrl === undefined) return false
  httpAgent.move(new URL(url), new URL(newUrl))
  return true
}

const libraryHint = 'if `photos serve` has the library open, restart it; else check the clock of this machine, then run it again'

function pretendRemote(folder: string, context: Context): OpenedRemote {
  const transport = openTransport(context)
  return {
    remote: emptyRemote,
    transport,
    notes: [`there is no library in ${folder} yet; a run that is not dry makes one`],
    warnings: [],
    deviceName: undefined,
    openState: async () => ({ ...createNoState(), lost: new AbortController().signal, hasWaited: false }),
    close: async () => transport.close(),
  }
}

function openTransport({ clock = {}, inactivityMs }: Context, options: OutageOptions = {}): Transport {
  return createTransport({ clock, ...(inactivityMs === undefined ? {} : { inactivityMs }), ...options })
}

function stateOpener(key: StateKey, { clock }: Transport, context: Context): OpenedRemote['openState'] {
  return (options) => openLockedState(stateFolder(context), key, { ...options, clock, signal: context.signal })
}

/** Throws a `UserError` where the folder of a library cannot be made because its disk is missing. */
export function requireParent(folder: string): void {
  const parent = dirname(folder)
  if (existsSync(parent)) return
  throw new UserError(`${parent} does not exist; is its disk mounted?`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: `mount it, or make the folder: ${formatWords(['mkdir', '-p', parent])}`,
  })
}

/** What is said of a library that was made just now. */
export function newLibraryNote(folder: string): string {
  return `made a new library in ${folder}`
}

/** Nobody has named a default library: who makes one may have meant another account, or a home folder that is away. */
function notesOf(folder: string, isDefault: boolean, isNew: boolean): Pick<OpenedRemote, 'notes' | 'warnings'> {
  const made = isNew ? [newLibraryNote(folder)] : []
  if (!isDefault) return { notes: made, warnings: [] }
  return { notes: [`no remote configured: the photos are kept on this machine, in ${folder}`], warnings: made }
}
