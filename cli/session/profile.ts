import { join } from 'node:path'
import * as z from 'zod'
import { deviceIdSchema } from '../../contract/devices.ts'
import { ownerSchema } from '../../contract/owner.ts'
import { errorCode } from '../error-code.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { makeFolder } from '../make-folder.ts'
import { describeFailure } from '../state/level-failure.ts'
import { commandFor, loginCommand } from './hints.ts'
import { findRegularFile, readPrivateFile } from './private-file.ts'
import { defaultProfileName } from './profile-name.ts'
import { overwrite, rehearseWrite, writeDurably } from './write-durably.ts'

const tokensSchema = z.object({
  accessToken: z.string().min(1),
  idToken: z.string().min(1),
  refreshToken: z.string().min(1),
  /** When the first of the access token and the ID token expires, by the clock of this machine. */
  expiresAt: z.iso.datetime(),
})
export type Tokens = z.infer<typeof tokensSchema>

const sessionSchema = z.object({
  account: z.object({ owner: ownerSchema, email: z.string() }),
  device: z.object({ deviceId: deviceIdSchema, deviceSecret: z.string().min(1), name: z.string() }),
  tokens: tokensSchema,
})
/** Who is signed in, on which device, with which tokens. */
export type StoredSession = z.infer<typeof sessionSchema>

const profileSchema = z.object({
  version: z.literal(1),
  /** As given to `photos login`, normalised. */
  url: z.url({ protocol: /^https?$/ }),
  /** Whether it was said that `http` will do. */
  insecureHttp: z.boolean().default(false),
  /** Which remote answered there at sign-in: against mistakes. Both are public; who answers is proven by the address, and only over TLS. */
  remote: z.object({ remoteId: z.string(), issuer: z.string() }),
  /** Absent after `photos logout`: the profile then still says which remote is meant. */
  session: sessionSchema.optional(),
})
/** A remote, and who is signed in to it. One file each. */
export type Profile = z.infer<typeof profileSchema>
export type SignedInProfile = Profile & { readonly session: StoredSession }

/** Where a profile lies. */
export interface ProfilePlace {
  readonly folder: string
  readonly name: string
  /** Told what a person should know of the file. */
  readonly warn?: (message: string) => void
}

export function profilePath({ folder, name }: ProfilePlace): string {
  return join(folder, `${name}.json`)
}

/** There is a file, and nothing can be made of it. */
export class DamagedProfileError extends UserError {
  constructor(place: ProfilePlace) {
    super(`the profile in ${profilePath(place)} is damaged, or of a later release of photos`, {
      exitCode: exitCodes.notSignedIn,
      hint: `sign in again: ${loginCommand(place.name)}; or remove it: ${commandFor(place.name, 'logout')}`,
    })
  }
}

/** Throws a {@link DamagedProfileError}, with exit code 12, where the file is damaged, or of a later release. */
export async function findProfile(place: ProfilePlace): Promise<Profile | undefined> {
  const text = await readProfileText(place)
  if (text === undefined) return undefined
  const profile = profileSchema.safeParse(parseJson(text))
  if (profile.success) return profile.data
  // Without a cause: a schema's complaint may quote what it complains of, and this file holds tokens.
  throw new DamagedProfileError(place)
}

/** Throws a `UserError` with exit code 10 where there is none. */
export async function requireProfile(place: ProfilePlace): Promise<Profile> {
  const profile = await findProfile(place)
  if (profile !== undefined) return profile
  const message =
    place.name === defaultProfileName
      ? 'no remote is configured'
      : `there is no profile ${place.name}; nobody has signed in to it`
  throw new UserError(message, { exitCode: exitCodes.noRemote, hint: `sign in: ${loginCommand(place.name)}` })
}

/** Whose the profile is. Throws a `UserError` with exit code 12 where nobody is signed in. */
export function requireSession(profile: Profile, name: string): SignedInProfile {
  const { session } = profile
  if (session !== undefined) return { ...profile, session }
  throw new UserError(`not signed in to ${new URL(profile.url).host}`, {
    exitCode: exitCodes.notSignedIn,
    hint: `sign in: ${loginCommand(name, profile)}`,
  })
}

/** Only while holding the profile's lock. Durable when it returns. */
export async function saveProfile(place: ProfilePlace, profile: Profile): Promise<void> {
  try {
    await makeFolder(place.folder, 0o700)
    await writeDurably(await findRegularFile(profilePath(place)), formatProfile(profile))
  } catch (error) {
    throw unusable(place, 'written', error)
  }
}

function formatProfile(profile: Profile): string {
  return `${JSON.stringify(profile, undefined, 2)}\n`
}

/**
 * Takes the session out of a profile, also where a full disk leaves no room to write the profile anew. The file stays, so
 * that what comes next asks to sign in, and does not go to a library of this machine. Throws a `UserError` where the tokens
 * are still there.
 */
export async function forgetSession(place: ProfilePlace, { session: _, ...signedOut }: Profile): Promise<void> {
  try {
    await saveProfile(place, signedOut)
  } catch {
    try {
      await overwrite(await findRegularFile(profilePath(place)), formatProfile(signedOut))
    } catch (error) {
      throw unusable(place, 'written', error)
    }
  }
}

/** More than any profile is. */
const roomBytes = 32 * 1024

/** Only while holding the profile's lock. Throws what {@link saveProfile} would, before anything is at stake. */
export async function rehearseSave(place: ProfilePlace): Promise<void> {
  try {
    await rehearseWrite(await findRegularFile(profilePath(place)), roomBytes)
  } catch (error) {
    throw unusable(place, 'written', error)
  }
}

async function readProfileText(place: ProfilePlace): Promise<string | undefined> {
  try {
    const { text, exposure } = await readPrivateFile(profilePath(place))
    if (exposure !== undefined) place.warn?.(`the profile in ${profilePath(place)} ${exposure}`)
    return text
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw unusable(place, 'read', error)
  }
}

/** Also for what goes wrong with the folder: a full disk, a folder of somebody else's. */
export function unusable(place: ProfilePlace, deed: 'read' | 'written' | 'locked', cause: unknown): UserError {
  return new UserError(`the profile in ${profilePath(place)} cannot be ${deed}: ${describeFailure(cause)}`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: 'make room there or see to its rights, or name another folder: XDG_CONFIG_HOME=DIR photos …',
    cause,
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
