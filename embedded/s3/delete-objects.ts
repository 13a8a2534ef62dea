import * as z from 'zod'
import type { Call, S3Response } from './call.ts'
import { S3Error, toS3Error } from './s3-error.ts'
import { parseXmlBody, repeated, type XmlElement, xmlDocument } from './xml.ts'

const deleteSchema = z.object({
  Delete: z.object({
    Object: repeated(z.object({ Key: z.string().min(1) }), { minimum: 1, maximum: 1000 }),
    Quiet: z.enum(['true', 'false']).optional(),
  }),
})

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export async function deleteObject(call: Call): Promise<S3Response> {
  call.require('delete')
  if (call.header('if-match') !== undefined) throw new S3Error('NotImplemented', 'Conditional deletes are not implemented.')
  await call.service.objects.remove(call.request.bucket, call.request.key)
  return { status: 204 }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export async function deleteObjects(call: Call): Promise<S3Response> {
  const hasDigest = [...call.request.headers.keys()].some((name) => name === 'content-md5' || name.startsWith('x-amz-checksum-'))
  if (!hasDigest && call.header('x-amz-trailer') === undefined) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*')
  }
  const { Delete } = parseXmlBody(await call.readSmallBody(), deleteSchema)
  const results: XmlElement[] = []
  for (const { Key } of Delete.Object) results.push(await deleteOne(call, Key))
  const shown = Delete.Quiet === 'true' ? results.filter(([name]) => name === 'Error') : results
  return { status: 200, body: xmlDocument('DeleteResult', shown) }
}

async function deleteOne(call: Call, key: string): Promise<XmlElement> {
  try {
    call.require('delete', call.request.bucket, key)
    await call.service.objects.remove(call.request.bucket, key)
    return ['Deleted', [['Key', key]]]
  } catch (error) {
    const { code, message } = toS3Error(error)
    return [
      'Error',
      [
        ['Key', key],
        ['Code', code],
        ['Message', message],
      ],
    ]
  }
}
