import type { ObjectRecord, Thaw } from './records.ts'
import { S3Error } from './s3-error.ts'

const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs

/**
 * How long a thaw takes, by storage class and tier: the longest that AWS calls typical. What is of no class in here can be read
 * at once. https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html
 */
const thawHours: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  DEEP_ARCHIVE: { Bulk: 48, Standard: 12 },
  GLACIER: { Bulk: 12, Standard: 5, Expedited: 5 / 60 },
}

/** `readable`: of a class that is no archive. `archived`: no copy can be read, and none was asked for. */
export type ThawState = 'readable' | 'archived' | 'thawing' | 'thawed'

export function thawStateOf({ storageClass, thaw }: ObjectRecord, now: Date): ThawState {
  if (thawHours[storageClass] === undefined) return 'readable'
  if (thaw === undefined || now.getTime() >= Date.parse(thaw.expiresAt)) return 'archived'
  return now.getTime() >= Date.parse(thaw.readyAt) ? 'thawed' : 'thawing'
}

/** A thaw that is asked for now. Throws S3Error InvalidObjectState or InvalidArgument. */
export function beginThaw({ storageClass }: ObjectRecord, tier: string, days: number, now: Date): Thaw {
  const hoursOfTier = thawHours[storageClass]
  if (hoursOfTier === undefined) {
    throw invalidObjectState("Restore is not allowed for the object's current storage class", storageClass)
  }
  const hours = hoursOfTier[tier]
  if (hours === undefined) throw new S3Error('InvalidArgument', 'Retrieval option is not supported by this storage class')
  const readyAt = new Date(now.getTime() + hours * hourMs)
  return { readyAt: readyAt.toISOString(), expiresAt: expiryOf(readyAt, days) }
}

/** Other days for a copy that can be read already, from now on. */
export function prolongThaw(thaw: Thaw, days: number, now: Date): Thaw {
  return { ...thaw, expiresAt: expiryOf(now, days) }
}

/** So many days later, rounded up to midnight UTC. https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html */
function expiryOf(from: Date, days: number): string {
  return new Date(Math.ceil((from.getTime() + days * dayMs) / dayMs) * dayMs).toISOString()
}

/** Throws S3Error InvalidObjectState for an object that must be thawed before it is read. */
export function requireReadable(record: ObjectRecord, now: Date): void {
  const state = thawStateOf(record, now)
  if (state === 'readable' || state === 'thawed') return
  throw invalidObjectState("The operation is not valid for the object's storage class", record.storageClass)
}

function invalidObjectState(message: string, storageClass: string): S3Error {
  return new S3Error('InvalidObjectState', message, { details: { StorageClass: storageClass } })
}

/** The header that tells how a thaw stands; none where there is none. */
export function renderThaw(record: ObjectRecord, now: Date): Record<string, string> {
  const state = thawStateOf(record, now)
  if (state === 'thawing') return { 'x-amz-restore': 'ongoing-request="true"' }
  if (state !== 'thawed' || record.thaw === undefined) return {}
  const expiry = new Date(record.thaw.expiresAt).toUTCString()
  return { 'x-amz-restore': `ongoing-request="false", expiry-date="${expiry}"` }
}
