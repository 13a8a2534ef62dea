import type { ContentHash } from '../../contract/content-hash.ts'
import {
  originalKey,
  probeKey,
  probeRenditionKey,
  type RenditionName,
  renditionKey,
  type UploadIdentity,
} from '../../contract/object-keys.ts'
import type { Photo } from '../../contract/photos.ts'
import type { Backend } from '../backend.ts'
import { findStored } from './find-stored.ts'
import { photoRecord } from './photo-record.ts'

/** Where an upload goes: all that differs between an original, which stays for good, and a probe, which never becomes one. */
export interface UploadTarget {
  readonly contentHash: ContentHash
  /** Whether nothing is left to be done. */
  isStored(): Promise<boolean>
  keyOf(contentType: string): string
  renditionKeyOf(name: RenditionName): string
  put(key: string, bytes: Buffer, contentType: string): Promise<void>
  /** The last step. */
  index(key: string, photo: Photo): Promise<void>
  reject(reason: string): Promise<void>
}

export function uploadTarget(identity: UploadIdentity, backend: Backend): UploadTarget {
  return identity.kind === 'probe' ? probeTarget(identity, backend) : originalTarget(identity, backend)
}

function originalTarget({ owner, contentHash }: UploadIdentity, backend: Backend): UploadTarget {
  return {
    contentHash,
    isStored: async () => (await findStored(owner, [contentHash], backend)).has(contentHash),
    keyOf: (contentType) => originalKey(owner, contentHash, contentType),
    renditionKeyOf: (name) => renditionKey(owner, contentHash, name),
    put: (key, bytes, contentType) => backend.storage.putOriginal(key, bytes, contentHash, contentType),
    index: (key, photo) => backend.index.put(photoRecord(owner, key, photo)),
    reject: (reason) => backend.index.reject(owner, contentHash, reason),
  }
}

function probeTarget({ owner, contentHash }: UploadIdentity, backend: Backend): UploadTarget {
  return {
    contentHash,
    // A probe is small enough to be made again, which saves this function the right to read what is known of it.
    isStored: async () => false,
    keyOf: (contentType) => probeKey(owner, contentHash, contentType),
    renditionKeyOf: (name) => probeRenditionKey(owner, contentHash, name),
    put: (key, bytes, contentType) => backend.storage.putProbe(key, bytes, contentHash, contentType),
    index: (key, { sizeBytes, renditions, reason }) =>
      backend.probes.putOutcome(owner, contentHash, { kind: 'stored', key, sizeBytes, renditions, reason }),
    reject: (reason) => backend.probes.putOutcome(owner, contentHash, { kind: 'rejected', reason }),
  }
}
