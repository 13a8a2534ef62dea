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
import type { ProbeOutcome } from './probe-records.ts'
import { discardIfRemoved } from './probes.ts'

/** What was sent to be stored. */
type UploadedIdentity = Exclude<UploadIdentity, { kind: 'verification' }>

/** Where an upload goes: all that differs between an original, which stays for good, and a probe, which never becomes one. */
export interface UploadTarget {
  readonly contentHash: ContentHash
  /** Whether nothing is left to be done. Asked before anything is stored. */
  isStored(): Promise<boolean>
  keyOf(contentType: string): string
  renditionKeyOf(name: RenditionName): string
  put(key: string, bytes: Buffer, contentType: string): Promise<void>
  /** The last step. */
  index(key: string, photo: Photo): Promise<void>
  reject(reason: string): Promise<void>
}

/** Throws for a key under which nothing is sent. */
export function uploadTarget(identity: UploadIdentity, backend: Backend): UploadTarget {
  if (identity.kind === 'verification') throw new Error('what asks for a verification is no upload')
  return identity.kind === 'probe' ? probeTarget(identity, backend) : originalTarget(identity, backend)
}

function originalTarget({ owner, contentHash }: UploadedIdentity, backend: Backend): UploadTarget {
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

function probeTarget({ owner, contentHash }: UploadedIdentity, backend: Backend): UploadTarget {
  /** All is stored by now. The doctor may have taken the probe away meanwhile, and its removal seen only part of it. */
  const conclude = async (outcome: ProbeOutcome): Promise<void> => {
    if (await discardIfRemoved(owner, contentHash, backend)) return
    await backend.probes.putOutcome(owner, contentHash, outcome)
  }
  return {
    contentHash,
    // A probe is small enough to be made again, unless its doctor has taken it away: then nothing is to be made of it.
    isStored: () => discardIfRemoved(owner, contentHash, backend),
    keyOf: (contentType) => probeKey(owner, contentHash, contentType),
    renditionKeyOf: (name) => probeRenditionKey(owner, contentHash, name),
    put: (key, bytes, contentType) => backend.storage.putProbe(key, bytes, contentHash, contentType),
    index: (key, { sizeBytes, renditions, reason }) => conclude({ kind: 'stored', key, sizeBytes, renditions, reason }),
    reject: (reason) => conclude({ kind: 'rejected', reason }),
  }
}
