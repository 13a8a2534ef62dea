import * as z from 'zod'

/**
 * What S3 writes into a queue message: one or more records, or the test event that comes first when a notification is set up.
 * Source: Amazon S3 User Guide, "Event message structure".
 */
const s3EventSchema = z.union([
  z.object({ Event: z.literal('s3:TestEvent') }),
  z.object({
    Records: z.array(
      z.object({ eventName: z.string().startsWith('ObjectCreated:'), s3: z.object({ object: z.object({ key: z.string() }) }) }),
    ),
  }),
])

/** Keys of the uploaded objects that a message announces; S3 writes them URL-encoded, a space as `+`. */
export function parseUploadEvent(body: string): readonly string[] {
  const event = s3EventSchema.parse(JSON.parse(body))
  if ('Event' in event) return []
  return event.Records.map((record) => decodeURIComponent(record.s3.object.key.replaceAll('+', ' ')))
}
