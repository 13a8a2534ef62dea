import { DeleteObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3'
import { unfinishedUploadExpiryDays, uploadExpiryDays } from '../lambda/aws/deployment.ts'
import { storageBucket, uploadBucket } from './functions.ts'
import type { Queue } from './queue.ts'
import type { S3Store } from './s3/open-s3.ts'
import type { S3Event } from './s3/s3-event.ts'

const dayMs = 24 * 60 * 60 * 1000
/** What the template's lifecycle rule does for the upload bucket: what could not be processed does not stay for ever. */
const expiresAfterMs = uploadExpiryDays * dayMs

/**
 * Called at the start, before any new upload: an original in the upload bucket was not processed, whatever the reason
 * (the process was killed before the event was written, the disk was full), and gets a new event. Expired ones are removed.
 */
export async function tidyUploads(client: S3Client, bucket: string, queue: Queue, now: Date): Promise<void> {
  await queue.clearDeadLetters()
  const announced = new Set(queue.pending().map(keyIn))
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    for (const { Key, LastModified } of page.Contents ?? []) {
      if (Key === undefined) continue
      const expired = LastModified !== undefined && now.getTime() - LastModified.getTime() > expiresAfterMs
      if (expired) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }))
      else if (!announced.has(encodeKey(Key))) await queue.send(announcement(bucket, Key))
    }
  }
}

/** The same for uploads in parts that nobody has completed: a client's, and those of a processing that was killed. */
export async function abortExpiredUploads(s3: S3Store, now: Date): Promise<void> {
  await s3.abortUploadsBegunBefore(uploadBucket, new Date(now.getTime() - unfinishedUploadExpiryDays * dayMs))
  await s3.abortUploadsBegunBefore(storageBucket, new Date(now.getTime() - uploadExpiryDays * dayMs))
}

/** The part of an event that processing reads. */
function announcement(bucket: string, key: string): string {
  return JSON.stringify({
    Records: [{ eventName: 'ObjectCreated:Put', s3: { bucket: { name: bucket }, object: { key: encodeKey(key) } } }],
  })
}

function keyIn(body: string): string | undefined {
  const event: S3Event = JSON.parse(body)
  return event.Records[0].s3.object.key
}

/** As S3 writes keys into events. Keys of the upload bucket hold nothing else that needs it. */
function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+')
}
