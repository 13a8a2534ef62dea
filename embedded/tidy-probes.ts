import { readdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DeleteObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3'
import { probeExpiryDays, probePrefix } from '../contract/object-keys.ts'

const expiresAfterMs = probeExpiryDays * 24 * 60 * 60 * 1000

/** What the template's lifecycle rule does for probes that a killed doctor has left in the storage bucket. */
export async function removeExpiredProbes(client: S3Client, bucket: string, now: Date, signal?: AbortSignal): Promise<void> {
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: probePrefix })) {
    for (const { Key, LastModified } of page.Contents ?? []) {
      if (signal?.aborted) return
      const expired = LastModified !== undefined && now.getTime() - LastModified.getTime() > expiresAfterMs
      if (expired) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }))
    }
  }
}

/** S3 has no folders, and this one shall not leave empty ones among a person's photos. Called when nobody is writing there: at the start. */
export async function removeEmptyProbeFolders(bucketFolder: string): Promise<void> {
  const probes = join(bucketFolder, probePrefix)
  const owners = await readdir(probes).catch(() => [])
  for (const folder of [...owners.map((owner) => join(probes, owner)), probes]) await rmdir(folder).catch(() => {})
}
