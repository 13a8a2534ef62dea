import { parseUploadKey } from '../../contract/object-keys.ts'
import type { PhotoMetadata, Rendition } from '../../contract/photos.ts'
import { maximumReceives } from '../aws/deployment.ts'
import type { Backend } from '../backend.ts'
import { decode, reasonNotDecoded } from './decode.ts'
import type { MetadataReader } from './read-metadata.ts'
import { render } from './render.ts'
import { type StoredOriginal, storeOriginal } from './store-original.ts'
import { type UploadTarget, uploadTarget } from './upload-target.ts'

/**
 * A picture that ended the process this often is stored and indexed without being looked at again. Once less than the queue
 * hands a message out, and not sooner: power failures and restarts end the process, too, and are not the picture's fault.
 */
const attemptsToDecode = maximumReceives - 1

const noMetadata: PhotoMetadata = {
  captureTime: null,
  captureTimeSource: null,
  camera: null,
  widthPixels: null,
  heightPixels: null,
  place: null,
}

interface Pictures {
  readonly metadata: PhotoMetadata
  readonly renditions: readonly Rendition[]
  readonly reason: string | null
}

/**
 * One uploaded original, or the probe of a doctor, from the upload bucket into storage and index. It may be called again at any point, for the
 * same object and in any order: every step leaves what is done already as it is.
 *
 * @param attempt how often this object was begun, from 1
 */
export async function processOriginal(key: string, attempt: number, backend: Backend, reader: MetadataReader): Promise<void> {
  const target = uploadTarget(parseUploadKey(key), backend)
  try {
    await processUpload(key, target, attempt, backend, reader)
  } catch (error) {
    if (attempt >= maximumReceives) await giveUp(key, target, backend)
    throw error
  }
}

/** Nobody will look at this upload again: its client hears so, and sends it anew with its next run. */
async function giveUp(key: string, target: UploadTarget, backend: Backend): Promise<void> {
  await target.reject('it could not be stored; the log of the backend says why')
  await backend.uploads.remove(key)
}

async function processUpload(
  key: string,
  target: UploadTarget,
  attempt: number,
  backend: Backend,
  reader: MetadataReader,
): Promise<void> {
  if (!(await target.isStored())) {
    const upload = await backend.uploads.open(key)
    if (upload === undefined) return // processed by an earlier event, or expired: then the client uploads it again

    const stored = await storeOriginal(upload, target, backend) // first, so that nothing after it can lose the bytes
    if (stored.kind === 'rejected') await target.reject(stored.reason)
    else await showAndIndex(stored, attempt, target, backend, reader)
  }
  await backend.uploads.remove(key)
}

type Stored = Extract<StoredOriginal, { kind: 'stored' }>

async function showAndIndex(
  stored: Stored,
  attempt: number,
  target: UploadTarget,
  backend: Backend,
  reader: MetadataReader,
): Promise<void> {
  const pictures = await makePictures(stored, attempt, reader, async (name, bytes) => {
    await backend.storage.putRendition(target.renditionKeyOf(name), bytes)
  })
  const { contentType, sizeBytes } = stored
  const { metadata, renditions, reason } = pictures
  const storedAt = backend.now().toISOString()
  const photo = { contentHash: target.contentHash, sizeBytes, contentType, ...metadata, renditions, reason, storedAt }
  await target.index(stored.key, photo) // last, so that what is listed can be shown
}

async function makePictures(
  { bytes, contentType }: Stored,
  attempt: number,
  reader: MetadataReader,
  put: (name: Rendition['name'], bytes: Buffer) => Promise<void>,
): Promise<Pictures> {
  const without = (metadata: PhotoMetadata, reason: string): Pictures => ({ metadata, renditions: [], reason })
  if (attempt > attemptsToDecode) return without(noMetadata, 'reading this file ended the process; it is stored as it is')
  if (bytes === undefined) return without(noMetadata, reasonNotDecoded(contentType) ?? 'too large to be decoded')

  const metadata = await reader.read(bytes, contentType)
  const image = await decode(bytes, contentType)
  if (image.kind === 'undecodable') return without(metadata, image.reason)
  const renditions: Rendition[] = []
  for (const { name, widthPixels, heightPixels, bytes: webp } of await render(image)) {
    await put(name, webp)
    renditions.push({ name, widthPixels, heightPixels, sizeBytes: webp.length })
  }
  return { metadata, renditions, reason: null }
}
