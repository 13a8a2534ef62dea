import { createHash, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { serveLibrary } from '../../embedded/serve.ts'
import { announceServing } from '../../embedded/serving.ts'
import { type PhotosUser, photosUser } from './photos-process.ts'
import { startWatchedWire, type WatchedWire, type Watching } from './watched-wire.ts'

/** The smallest parts that S3 joins. */
export const partBytes = 5 * 2 ** 20
export const fileBytes = 3 * partBytes + 1
export const allParts = [1, 2, 3, 4]
/** Every original begins as another one, which is all that it takes. */
const someBytes = randomBytes(fileBytes)

/** What has passed the wire since the last file was made. */
export interface Passed {
  sentBytes: number
  /** Parts that the backend has said it has, in the order of the answers. */
  readonly storedParts: number[]
}

export interface Workbench {
  readonly user: PhotosUser
  readonly wire: WatchedWire
  readonly watching: Watching
  readonly passed: Passed
}

/** A library that makes small parts, at the far end of a wire that a test watches. */
export async function workbench(): Promise<Workbench> {
  const user = await photosUser()
  const uploadSizes = { maximumPutBytes: partBytes, minimumPartBytes: partBytes }
  const backend = await serveLibrary({ folder: user.library, log: () => {}, uploadSizes })
  onTestFinished(() => backend.close())
  const passed: Passed = { sentBytes: 0, storedParts: [] }
  const watching: Watching = { before: async () => 'pass', answered: async () => 'pass', received: () => {} }
  const wire = await startWatchedWire(backend.url, backend.identity, {
    before: (request) => watching.before(request),
    answered: (request, status) => {
      if (request.partNumber !== undefined && status === 200) passed.storedParts.push(request.partNumber)
      return watching.answered(request, status)
    },
    received: (request, bytes) => {
      if (request.partNumber !== undefined) passed.sentBytes += bytes
    },
  })
  await announceServing(user.library, wire.url)
  return { user, wire, watching, passed }
}

/** A folder with one original that goes up in parts and that nobody has seen before. */
export async function newCard({ user, passed }: Workbench, name: string): Promise<{ folder: string; contentHash: string }> {
  const folder = join(user.folder, 'cards', name)
  await mkdir(folder, { recursive: true })
  const bytes = Buffer.from(someBytes)
  bytes.write(name)
  await writeFile(join(folder, 'MVI_1.MOV'), bytes)
  passed.sentBytes = 0
  passed.storedParts.length = 0
  return { folder, contentHash: createHash('sha256').update(bytes).digest('hex') }
}
