import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { type PullOptions, pull } from '../../../cli/pull/pull.ts'
import type { Remote } from '../../../cli/remote/remote.ts'
import type { FileOutcome, RunEvent } from '../../../cli/run-event.ts'
import { type ContentHash, contentHashOf } from '../../../contract/content-hash.ts'
import type { ListEntry, Location, Photo } from '../../../contract/photos.ts'
import { collect } from '../../collect.ts'
import { listen, transportInTest } from '../remote/scripted-server.ts'
import { remoteConfigurationInTest } from '../remote-configuration-in-test.ts'

export interface StoredPhoto {
  readonly bytes: Buffer
  readonly contentHash: ContentHash
  readonly locations: readonly Location[]
}

export function storedPhoto(content: string | Buffer, ...paths: readonly (string | Partial<Location>)[]): StoredPhoto {
  const bytes = Buffer.from(content)
  const contentHash = contentHashOf(createHash('sha256').update(bytes).digest())
  const locations = paths.map((path) => ({
    device: 'laptop',
    path: 'unused',
    modificationTime: '2019-10-26T16:07:24.123456Z',
    ...(typeof path === 'string' ? { path } : path),
  }))
  return { bytes, contentHash, locations }
}

/** Answers a download of the original; by default as S3 does. */
type Serve = (response: ServerResponse, photo: StoredPhoto, attempt: number) => void

export const serveWell: Serve = (response, { bytes }) => {
  response.writeHead(200, { 'content-length': bytes.length })
  response.end(bytes)
}

export interface RemoteInTest {
  readonly remote: Remote
  /** Content hashes in the order in which they were downloaded. */
  readonly downloads: ContentHash[]
  pull(to: string, options?: Partial<PullOptions>): Promise<PullInTest>
}

export interface PullInTest {
  readonly events: readonly RunEvent[]
  /** By path. */
  readonly outcomes: readonly FileOutcome[]
  readonly movedBytes: number
}

/** A remote in memory that keeps these photos, whose originals come from a real server. */
export async function remoteInTest(photos: readonly StoredPhoto[], serve: Serve = serveWell): Promise<RemoteInTest> {
  const byHash = new Map<string, StoredPhoto>(photos.map((photo) => [photo.contentHash, photo]))
  const downloads: ContentHash[] = []
  const url = await listen((request, response) => {
    const photo = byHash.get(request.url?.split('/').at(-1) ?? '')
    if (!photo) return void response.writeHead(404).end()
    downloads.push(photo.contentHash)
    serve(response, photo, downloads.filter((hash) => hash === photo.contentHash).length)
  })
  const unused = async (): Promise<never> => {
    throw new Error('pull does not call this')
  }
  const remote: Remote = {
    configuration: remoteConfigurationInTest(url),
    beginUploads: unused,
    signParts: unused,
    completeUpload: unused,
    abandonUploads: unused,
    confirm: async (asked) =>
      asked.map(({ contentHash }) => ({ kind: byHash.has(contentHash) ? 'stored' : 'processing', contentHash })),
    findPhoto: unused,
    beginVerification: unused,
    findVerifications: unused,
    usage: unused,
    trash: unused,
    restore: unused,
    listPhotos: (range) => list(photos, range.undated === true),
    signThaw: () => unused,
    signDownload: (key) => async () => ({ method: 'GET', url: `${url}/photos-storage/${key}`, headers: {} }),
  }
  return { remote, downloads, pull: (to, options) => pullAll(remote, to, options) }
}

async function* list(photos: readonly StoredPhoto[], undated: boolean): AsyncGenerator<ListEntry> {
  for (const stored of photos) {
    yield photoEntryOf(photoOf(stored))
    if (undated) continue
    for (const location of stored.locations) yield { kind: 'location', contentHash: stored.contentHash, location }
  }
}

/** As a list has it. */
export function photoEntryOf(photo: Photo): ListEntry {
  return { kind: 'photo', photo, originalKey: `originals/somebody/${photo.contentHash}` }
}

export function photoOf({ bytes, contentHash }: StoredPhoto): Photo {
  return {
    contentHash,
    sizeBytes: bytes.length,
    contentType: 'image/jpeg',
    captureTime: null,
    captureTimeSource: null,
    camera: null,
    widthPixels: null,
    heightPixels: null,
    place: null,
    renditions: [],
    reason: null,
    storedAt: '2021-06-01T00:00:00.000Z',
  }
}

async function pullAll(remote: Remote, to: string, options: Partial<PullOptions> = {}): Promise<PullInTest> {
  const { transport } = transportInTest()
  const events = await collect(pull({ remote, transport, range: {}, to, transfers: 4, ...options }))
  const outcomes = events.flatMap((event) => (event.kind === 'file' ? [event.outcome] : []))
  const movedBytes = events.reduce((sum, event) => sum + (event.kind === 'moved' ? event.sizeBytes : 0), 0)
  return { events, movedBytes, outcomes: outcomes.toSorted((one, other) => (one.path < other.path ? -1 : 1)) }
}
