import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type EmbeddedBackend, type EmbeddedOptions, serveLibrary } from '../../embedded/serve.ts'
import { announceServing } from '../../embedded/serving.ts'
import { type UploadSizes, usualUploadSizes } from '../../lambda/photos/upload-sizes.ts'
import { type Fault, type FaultProxy, type PassingRequest, startFaultProxy } from './fault-proxy.ts'
import { type Finished, type PhotosUser, photosUser } from './photos-process.ts'
import { writeTree } from './tree.ts'

/** Of all parts but the last one of a large original: an eighth of what they are elsewhere, and a fifth of what S3 takes there. */
export const partBytes = 2 ** 20
/** Whatever is larger than one goes up in parts. */
export const uploadSizes: UploadSizes = { ...usualUploadSizes, maximumPutBytes: partBytes, minimumPartBytes: partBytes }

/** A user whose library is served by this process, at the far end of a wire that a test may damage. */
export interface Wired {
  readonly user: PhotosUser
  readonly folder: string
  readonly proxy: FaultProxy
  sync(): Promise<Finished>
  /** Resolves when the backend has nothing left to do of what was sent. */
  whenIdle(): Promise<void>
  closeBackend(): Promise<void>
}

export async function wired(
  files: Readonly<Record<string, Buffer>>,
  decide: (request: PassingRequest) => Fault | Promise<Fault>,
  options: Partial<EmbeddedOptions> = {},
): Promise<Wired> {
  const own = await photosUser()
  const user = { ...own, library: options.folder ?? own.library }
  const folder = join(user.folder, 'camera')
  await writeTree(folder, files)
  const backend = await serveInTest({ folder: user.library, log: () => {}, ...options })
  const proxy = await startFaultProxy(backend.url, backend.identity, decide)
  await announceServing(user.library, proxy.url)
  const sync = () => user.here('sync', folder, '--library', user.library, '--json')
  return { user, folder, proxy, sync, whenIdle: () => backend.queue.whenIdle(), closeBackend: () => backend.close() }
}

async function serveInTest(options: EmbeddedOptions): Promise<EmbeddedBackend> {
  const backend = await serveLibrary(options)
  let closed: Promise<void> | undefined
  const close = () => (closed ??= backend.close())
  onTestFinished(close)
  return { ...backend, close }
}

/** Files that are stored and not looked into. */
export function clips(count: number): Record<string, Buffer> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`MVI_${index}.MP4`, randomBytes(50_000 + index)]))
}
