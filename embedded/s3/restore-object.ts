import * as z from 'zod'
import { beginThaw, prolongThaw, thawStateOf } from './archive.ts'
import type { Call, S3Response } from './call.ts'
import { noSuchKey } from './get-object.ts'
import type { ObjectRecord, Thaw } from './records.ts'
import { S3Error } from './s3-error.ts'
import { parseXmlBody } from './xml.ts'

const tierSchema = z.enum(['Bulk', 'Standard', 'Expedited'])

/** Strict: a request to select from an archive, or for another output, is not half done. */
const restoreSchema = z.object({
  RestoreRequest: z.strictObject({
    Days: z.coerce.number().int().min(1),
    GlacierJobParameters: z.strictObject({ Tier: tierSchema }).optional(),
    Tier: tierSchema.optional(),
    xmlns: z.string().optional(),
  }),
})

/**
 * 202: the thaw begins. 200: there is a thawed copy, which stays for so many days from now. Throws S3Error
 * RestoreAlreadyInProgress. https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
 */
export async function restoreObject(call: Call): Promise<S3Response> {
  call.require('restore')
  const { bucket, key } = call.request
  const { RestoreRequest } = parseXmlBody(await call.readSmallBody(), restoreSchema)
  const { Days, GlacierJobParameters, Tier } = RestoreRequest
  const tier = GlacierJobParameters?.Tier ?? Tier ?? 'Standard'
  const now = call.service.thawClock()
  const before = await call.service.objects.update(bucket, key, (record) => ({
    ...record,
    thaw: decide(record, tier, Days, now),
  }))
  if (before === undefined) throw noSuchKey(call)
  return { status: thawStateOf(before, now) === 'thawed' ? 200 : 202 }
}

function decide(record: ObjectRecord, tier: string, days: number, now: Date): Thaw {
  const state = thawStateOf(record, now)
  if (state === 'thawing') throw new S3Error('RestoreAlreadyInProgress', 'Object restore is already in progress')
  if (state === 'thawed' && record.thaw !== undefined) return prolongThaw(record.thaw, days, now)
  return beginThaw(record, tier, days, now)
}
