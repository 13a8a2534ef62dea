import { createHash } from 'node:crypto'
import { TransferError } from '../../../cli/errors.ts'
import type { Remote } from '../../../cli/remote/remote.ts'
import type { OriginalSender } from '../../../cli/sync/original-sender.ts'
import { type ContentHash, contentHashOf } from '../../../contract/content-hash.ts'
import type { Location } from '../../../contract/photos.ts'
import type { BeginUpload, SignedRequest, UploadCandidate } from '../../../contract/transfers.ts'
import { remoteConfigurationInTest } from '../remote-configuration-in-test.ts'

interface UploadInMemory {
  readonly partSizeBytes: number
  readonly parts: Map<number, Buffer>
}

export interface RemoteInMemoryOptions {
  /** Originals larger than this go up in parts. */
  readonly partSizeBytes?: number
  readonly maximumOriginalSizeBytes?: number
  /** How often `confirm` says `processing` before an upload is indexed. */
  readonly roundsToProcess?: number
}

/**
 * A remote that keeps its promises in memory: it takes only bytes of the announced hash, only what was begun, and indexes
 * what was uploaded. Its calls are recorded, and its `faults` may break what a test wants broken.
 */
export interface RemoteInMemory {
  readonly remote: Remote
  readonly sender: OriginalSender
  readonly stored: Map<ContentHash, { readonly bytes: Buffer; readonly locations: Location[] }>
  /** One entry a call: its name and how many items it asked about. */
  readonly calls: { readonly name: string; readonly count: number }[]
  readonly uploads: Map<ContentHash, UploadInMemory>
  readonly sentPartNumbers: number[]
  /** What was confirmed only because the client said that it was told so. */
  readonly believed: ContentHash[]
  readonly faults: {
    /** Called before a PUT is looked at; what it throws is what the client sees. */
    beforeSend?: (contentHash: ContentHash) => Promise<void> | void
    beforeBegin?: () => void
    beforeConfirm?: () => void
    beforeComplete?: (contentHash: ContentHash) => 'unknown' | undefined
    /** Answers in place of `stored` and `processing`. */
    confirmAs?: (contentHash: ContentHash) => 'missing' | 'rejected' | 'processing' | undefined
  }
}

export function createRemoteInMemory(options: RemoteInMemoryOptions = {}): RemoteInMemory {
  const partSizeBytes = options.partSizeBytes ?? 1 << 20
  const uploaded = new Map<ContentHash, { readonly bytes: Buffer; rounds: number }>()
  const stored: RemoteInMemory['stored'] = new Map()
  const uploads: RemoteInMemory['uploads'] = new Map()
  const calls: { name: string; count: number }[] = []
  const sentPartNumbers: number[] = []
  const believed: ContentHash[] = []
  const faults: RemoteInMemory['faults'] = {}

  const sign = (path: string): SignedRequest => ({
    method: 'PUT',
    url: `https://storage.invalid/${path}`,
    headers: {},
    expiresAt: '2100-01-01T00:00:00Z',
  })

  function beginUpload({ contentHash, sizeBytes }: UploadCandidate): BeginUpload {
    if (stored.has(contentHash)) return { kind: 'stored', contentHash }
    if (uploaded.has(contentHash)) return { kind: 'processing', contentHash }
    if (sizeBytes <= partSizeBytes) return { kind: 'put', contentHash, request: sign(contentHash) }
    const upload = uploads.get(contentHash) ?? { partSizeBytes, parts: new Map() }
    uploads.set(contentHash, upload)
    return { kind: 'parts', contentHash, uploadId: contentHash, partSizeBytes, uploadedPartNumbers: [...upload.parts.keys()] }
  }

  function process(contentHash: ContentHash): 'stored' | 'processing' | 'missing' {
    if (stored.has(contentHash)) return 'stored'
    const waiting = uploaded.get(contentHash)
    if (!waiting) return 'missing'
    if (waiting.rounds++ < (options.roundsToProcess ?? 0)) return 'processing'
    uploaded.delete(contentHash)
    stored.set(contentHash, { bytes: waiting.bytes, locations: [] })
    return 'stored'
  }

  const unused = (): never => {
    throw new Error('sync does not call this')
  }
  const remote: Remote = {
    configuration: remoteConfigurationInTest('https://remote.invalid', {
      remoteId: 'in-memory',
      maximumOriginalSizeBytes: options.maximumOriginalSizeBytes ?? 1e12,
    }),
    async beginUploads(originals) {
      calls.push({ name: 'begin', count: originals.length })
      faults.beforeBegin?.()
      return originals.map(beginUpload)
    },
    async signParts({ uploadId, parts }) {
      calls.push({ name: 'signParts', count: parts.length })
      return parts.map(({ partNumber, checksumSha256 }) =>
        sign(`${uploadId}/${partNumber}/${encodeURIComponent(checksumSha256)}`),
      )
    },
    async completeUpload(contentHash) {
      calls.push({ name: 'complete', count: 1 })
      const upload = uploads.get(contentHash)
      if (faults.beforeComplete?.(contentHash) === 'unknown' || !upload) {
        uploads.delete(contentHash)
        return { kind: 'unknown' }
      }
      const bytes = Buffer.concat([...upload.parts].sort(([one], [other]) => one - other).map(([, part]) => part))
      if (hashOf(bytes) === contentHash) uploaded.set(contentHash, { bytes, rounds: 0 })
      return { kind: 'completed' }
    },
    async abandonUploads(abandoned) {
      calls.push({ name: 'abandon', count: abandoned.length })
      for (const { contentHash } of abandoned) uploads.delete(contentHash)
      return abandoned.map(({ contentHash }) => ({ kind: 'gone', contentHash }))
    },
    async confirm(photos) {
      calls.push({ name: 'confirm', count: photos.length })
      faults.beforeConfirm?.()
      return photos.map(({ contentHash, locations, toldStored }) => {
        if (toldStored) believed.push(contentHash)
        const kind = faults.confirmAs?.(contentHash) ?? process(contentHash)
        if (kind === 'missing') uploaded.delete(contentHash)
        if (kind === 'stored') stored.get(contentHash)?.locations.push(...locations)
        return kind === 'rejected' ? { kind, contentHash, reason: 'other bytes arrived' } : { kind, contentHash }
      })
    },
    async *listPhotos() {
      for (const [contentHash, { locations }] of stored)
        for (const location of locations) yield { kind: 'location', contentHash, location }
    },
    findPhoto: unused,
    signDownload: () => unused,
    signThaw: () => unused,
    beginVerification: unused,
    findVerifications: unused,
    usage: unused,
    trash: unused,
    restore: unused,
  }

  const sender: OriginalSender = {
    async sendRange(request, source, { offset, sizeBytes }, { onMoved, signal }) {
      const contentHash = hashIn(request)
      await faults.beforeSend?.(contentHash)
      signal.throwIfAborted()
      const bytes = Buffer.alloc(sizeBytes)
      await source.read(bytes, 0, sizeBytes, offset)
      if (hashOf(bytes) !== contentHash) throw new TransferError('other bytes', { kind: 'bytes-differ' })
      if (stored.has(contentHash) || uploaded.has(contentHash)) return { kind: 'already-there' }
      onMoved(sizeBytes)
      uploaded.set(contentHash, { bytes, rounds: 0 })
      return { kind: 'sent' }
    },
    async sendBytes(request, bytes, { onMoved, signal }) {
      const contentHash = hashIn(request)
      await faults.beforeSend?.(contentHash)
      signal.throwIfAborted()
      const [, , partNumber, checksum] = new URL(request.url).pathname.split('/')
      const sent = createHash('sha256').update(bytes).digest('base64')
      if (sent !== decodeURIComponent(checksum ?? '')) throw new TransferError('other bytes', { kind: 'bytes-differ' })
      const upload = uploads.get(contentHash)
      if (!upload) throw new TransferError('no such upload', { kind: 'missing' })
      onMoved(bytes.length)
      sentPartNumbers.push(Number(partNumber))
      upload.parts.set(Number(partNumber), Buffer.from(bytes))
      return { kind: 'sent' }
    },
  }
  return { remote, sender, stored, calls, uploads, sentPartNumbers, believed, faults }
}

export function hashOf(bytes: Buffer): ContentHash {
  return contentHashOf(createHash('sha256').update(bytes).digest())
}

function hashIn(request: SignedRequest): ContentHash {
  return contentHashOf(Buffer.from(new URL(request.url).pathname.split('/')[1] ?? '', 'hex'))
}
