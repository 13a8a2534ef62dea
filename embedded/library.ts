import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import * as z from 'zod'
import { ownerSchema } from '../contract/owner.ts'
import { writeDurably } from './write-durably.ts'

/** What a library is, for its whole life. Readable by its user alone: who can read it is its owner. */
const librarySchema = z.object({
  version: z.literal(1),
  remoteId: z.uuid(),
  owner: ownerSchema,
  /** Signs access tokens (ES256, private). */
  issuerKey: z.custom<JWK>(
    (value) =>
      z
        .object({ kty: z.literal('EC'), d: z.string() })
        .loose()
        .safeParse(value).success,
  ),
  /** With these the functions sign requests to the embedded S3; kept, so that presigned URLs survive a restart. */
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
})
export type LibraryIdentity = z.infer<typeof librarySchema>

/** Where things lie in a library. `.photos` is ours; the rest is for people to look at. */
export function libraryPaths(folder: string) {
  const own = join(folder, '.photos')
  return {
    folder,
    own,
    identity: join(own, 'library.json'),
    serving: join(own, 'serving.json'),
    accounts: join(own, 'accounts.json'),
    accountsLock: join(own, 'accounts-lock'),
    signIn: join(own, 'sign-in'),
    s3: join(own, 's3'),
    uploads: join(own, 'uploads'),
    index: join(own, 'index'),
    queue: join(own, 'queue'),
  }
}

/** The folder exists but is no library of ours. */
export class NotALibraryError extends Error {
  override readonly name = 'NotALibraryError'
}

/** Reads who a library is, and makes a new one of a folder that is none yet. For the one process that has it locked. */
export async function readOrCreateLibrary(folder: string): Promise<LibraryIdentity> {
  const known = await findLibrary(folder)
  const { identity, index } = libraryPaths(folder)
  if (known !== undefined) return existsSync(index) ? known : await forgetClients(folder, known)
  // A new identity would be a new owner, for whom nothing in here is stored.
  if (existsSync(index)) throw new NotALibraryError(`${identity} is missing`)
  return await createLibrary(folder)
}

/** Undefined where there is no library yet. */
export async function findLibrary(folder: string): Promise<LibraryIdentity | undefined> {
  const path = libraryPaths(folder).identity
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  try {
    return librarySchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new NotALibraryError(`${path} is damaged or was written by a newer release`, { cause })
  }
}

/**
 * The index is gone: what clients remember as stored is not indexed any more. Under a new id they ask again; originals
 * that are still there are found by their content hash.
 */
async function forgetClients(folder: string, known: LibraryIdentity): Promise<LibraryIdentity> {
  const identity = { ...known, remoteId: randomUUID() }
  await writeDurably(libraryPaths(folder).identity, JSON.stringify(identity, null, 2))
  return identity
}

async function createLibrary(folder: string): Promise<LibraryIdentity> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const identity: LibraryIdentity = {
    version: 1,
    remoteId: randomUUID(),
    owner: ownerSchema.parse(randomUUID()),
    issuerKey: await exportJWK(privateKey),
    accessKeyId: `PHOTOS${randomBytes(7).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  }
  await writeDurably(libraryPaths(folder).identity, JSON.stringify(identity, null, 2))
  return identity
}
