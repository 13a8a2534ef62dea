import { resolve } from 'node:path'
import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import { type Context, defaultLibraryFolder } from '../context.ts'
import type { UserError } from '../errors.ts'
import { fetchRemoteConfiguration } from '../remote/http-remote.ts'
import type { Transport } from '../remote/transport.ts'
import { loginCommand } from '../session/hints.ts'
import { requireNotAway } from '../session/known-libraries.ts'
import { type OpenedLibrary, openLibrary, requireLibrary } from '../session/open-library.ts'
import { fetchProfileConfiguration } from '../session/open-profile.ts'
import { findProfile, type ProfilePlace, requireProfile, requireSession } from '../session/profile.ts'
import { profilePlaceOf } from '../session/profile-place.ts'
import type { Session } from '../session/session.ts'
import { createSignedInSession } from '../session/signed-in-session.ts'
import { type Turn, takeTurn } from './take-turn.ts'

/** A remote that is to be examined: reached, but not believed yet. */
export interface Patient {
  /** For people: a library's folder, or the host of a remote. */
  readonly name: string
  /** Whether it lies on this machine, where regions mean nothing. */
  readonly isLibrary: boolean
  /** Where it describes itself. */
  readonly url: string
  /** What to type when the session is not accepted. */
  readonly signInHint: string
  readonly whenUnreachable?: ((cause: unknown) => UserError) | undefined
  /** Throws a `UserError` for what cannot be reached, or trusted. */
  describe(): Promise<RemoteConfiguration>
  /** Throws a `UserError` with exit code 12 where nobody is signed in. */
  openSession(configuration: RemoteConfiguration): Promise<PatientSession>
  close(): Promise<void>
}

export interface PatientSession {
  readonly session: Session
  /** For people. */
  readonly who: string
  /** What this machine is called there; undefined for a library. */
  readonly deviceName: string | undefined
}

export interface PatientOptions {
  readonly library?: string | undefined
  readonly profile?: string | undefined
  readonly transport: Transport
}

/** The remote that `openRemote` would open for these options. Throws a `UserError` with exit code 10 where there is none, 5 or 12 where it cannot be opened. */
export async function openPatient({ library, profile, transport }: PatientOptions, context: Context): Promise<Patient> {
  if (library === undefined) {
    const place = profilePlaceOf(profile, context)
    const isMeant = profile !== undefined || (await findProfile(place)) !== undefined
    if (isMeant) return await openProfilePatient(place, transport, context.signal)
  }
  const folder = resolve(library ?? defaultLibraryFolder(context))
  await requireNotAway(folder, context)
  return await openLibraryPatient(folder, transport, context.signal)
}

async function openProfilePatient(place: ProfilePlace, transport: Transport, signal: AbortSignal): Promise<Patient> {
  const profile = await requireProfile(place)
  return {
    name: new URL(profile.url).host,
    isLibrary: false,
    url: profile.url,
    signInHint: `sign in again: ${loginCommand(place.name, profile)}`,
    describe: () => fetchProfileConfiguration(profile, { place, transport, signal }),
    async openSession(configuration) {
      const signedIn = requireSession(profile, place.name)
      const { account, device } = signedIn.session
      const session = createSignedInSession(signedIn, { place, configuration, clock: transport.clock, signal })
      return { session, who: `${account.email}, on ${device.name}`, deviceName: device.name }
    },
    close: async () => {},
  }
}

async function openLibraryPatient(folder: string, transport: Transport, signal: AbortSignal): Promise<Patient> {
  await requireLibrary(folder)
  const turn = await takeTurn(folder, transport.clock, signal)
  try {
    return libraryPatient(folder, await openLibrary(folder, () => {}, { clock: transport.clock, signal }), {
      transport,
      signal,
      turn,
    })
  } catch (error) {
    await turn.close()
    throw error
  }
}

interface LibraryPatientOptions {
  readonly transport: Transport
  readonly signal: AbortSignal
  readonly turn: Turn
}

function libraryPatient(folder: string, library: OpenedLibrary, { transport, signal, turn }: LibraryPatientOptions): Patient {
  const { url, whenUnreachable } = library
  return {
    name: `the library ${folder}`,
    isLibrary: true,
    url,
    whenUnreachable,
    signInHint: 'if `photos serve` has the library open, restart it; else check the clock of this machine',
    describe: () => fetchRemoteConfiguration({ url, transport, whenUnreachable, signal }),
    openSession: async () => ({ session: library, who: `the user of ${folder}`, deviceName: undefined }),
    close: () => library.close().finally(() => turn.close()),
  }
}
