import { createHash, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { serveLibrary } from '../../embedded/serve.ts'
import { announceServing } from '../../embedded/serving.ts'
import { usualUploadSizes } from '../../lambda/photos/upload-sizes.ts'
import { type PhotosUser, photosUser } from './photos-process.ts'
import { startWatchedWire, type WatchedRequest, type WatchedWire, type Watching } from './watched-wire.ts'

/** A fifth of what S3 takes elsewhere: nothing here is about how much a part is. */
export const partBytes = 2 ** 20
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
  /** Begins anew, with a library that looks at nothing yet. */
  forget(): void
}

/**
 * A library that makes small parts, at the far end of a wire that a test watches. Whoever asks whether a card's original is
 * stored hears twice of it: that it is not looked at yet, and that it is, however long that takes. So every run asks the same.
 */
export async function workbench(): Promise<Workbench> {
  const user = await photosUser()
  const uploadSizes = { ...usualUploadSizes, maximumPutBytes: partBytes, minimumPartBytes: partBytes }
  const backend = await serveLibrary({ folder: user.library, log: () => {}, uploadSizes })
  onTestFinished(() => backend.close())
  const passed: Passed = { sentBytes: 0, storedParts: [] }
  const watching: Watching = { before: async () => 'pass', answered: async () => 'pass', received: () => {} }
  const { queue } = backend
  let isLookedAt = false
  const wire = await startWatchedWire(backend.url, backend.identity, {
    before: async (request) => {
      if (isQuestion(request) && isLookedAt) await queue.whenIdle()
      return await watching.before(request)
    },
    answered: async (request, status) => {
      if (request.partNumber !== undefined && status === 200) passed.storedParts.push(request.partNumber)
      if (isQuestion(request)) {
        isLookedAt = true
        queue.resume()
      }
      return await watching.answered(request, status)
    },
    received: (request, bytes) => {
      if (request.partNumber !== undefined) passed.sentBytes += bytes
    },
  })
  await announceServing(user.library, wire.url)
  const forget = (): void => {
    passed.sentBytes = 0
    passed.storedParts.length = 0
    isLookedAt = false
    queue.stop()
  }
  return { user, wire, watching, passed, forget }
}

const isQuestion = ({ path }: WatchedRequest): boolean => path === '/v1/photos/confirm'

/** A folder with one original that goes up in parts and that nobody has seen before. */
export async function newCard({ user, forget }: Workbench, name: string): Promise<{ folder: string; contentHash: string }> {
  const folder = join(user.folder, 'cards', name)
  await mkdir(folder, { recursive: true })
  const bytes = Buffer.from(someBytes)
  bytes.write(name)
  await writeFile(join(folder, 'MVI_1.MOV'), bytes)
  forget()
  return { folder, contentHash: createHash('sha256').update(bytes).digest('hex') }
}
