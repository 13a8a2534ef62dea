import * as z from 'zod'
import type { Call, S3Response } from './call.ts'
import { type ListEntry, type ListPage, listObjects } from './list-objects.ts'
import { S3Error } from './s3-error.ts'
import { encodeUriComponent } from './s3-request.ts'
import { type XmlElement, xmlDocument } from './xml.ts'

/** Most entries of a page, as in S3, whatever a client asks for. */
const maximumPageSize = 1000

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export async function listObjectsV2(call: Call): Promise<S3Response> {
  const parameters = parseParameters(call)
  const token = call.request.query.get('continuation-token')
  const startAfter = call.request.query.get('start-after') ?? ''
  const page = await list(call, parameters, token === undefined ? startAfter : parseToken(token))
  const last = page.isTruncated ? page.entries.at(-1)?.key : undefined
  return render(call, parameters, page, [
    ['KeyCount', page.entries.length],
    ['ContinuationToken', token],
    ['NextContinuationToken', last === undefined ? undefined : Buffer.from(last).toString('base64url')],
    ['StartAfter', startAfter === '' ? undefined : parameters.encode(startAfter)],
  ])
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html, for clients of an older generation. */
export async function listObjectsV1(call: Call): Promise<S3Response> {
  const parameters = parseParameters(call)
  const marker = call.request.query.get('marker') ?? ''
  const page = await list(call, parameters, marker)
  const last = page.isTruncated ? page.entries.at(-1)?.key : undefined
  return render(call, parameters, page, [
    ['Marker', parameters.encode(marker)],
    ['NextMarker', last === undefined ? undefined : parameters.encode(last)],
  ])
}

interface Parameters {
  readonly prefix: string
  readonly delimiter: string
  readonly maximumEntries: number
  readonly encodingType: string | undefined
  readonly encode: (text: string) => string
}

function parseParameters(call: Call): Parameters {
  const { query } = call.request
  const prefix = query.get('prefix') ?? ''
  call.require('list', call.request.bucket, prefix)
  const maxKeys = z.coerce
    .number()
    .int()
    .min(0)
    .safeParse(query.get('max-keys') ?? maximumPageSize)
  if (!maxKeys.success) throw new S3Error('InvalidArgument', 'max-keys must be an integer that is not negative')
  const encodingType = query.get('encoding-type')
  if (encodingType !== undefined && encodingType !== 'url') {
    throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request')
  }
  return {
    prefix,
    delimiter: query.get('delimiter') ?? '',
    maximumEntries: Math.min(maxKeys.data, maximumPageSize),
    encodingType,
    encode: encodingType === undefined ? (text) => text : encodeKey,
  }
}

function encodeKey(key: string): string {
  return key.split('/').map(encodeUriComponent).join('/').replaceAll('%20', '+')
}

function parseToken(token: string): string {
  const after = Buffer.from(token, 'base64url').toString()
  if (after !== '' && Buffer.from(after).toString('base64url') === token) return after
  throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect')
}

function list(call: Call, { prefix, delimiter, maximumEntries }: Parameters, after: string): Promise<ListPage> {
  return listObjects(call.service.database, { bucket: call.request.bucket, prefix, delimiter, after, maximumEntries })
}

function render(call: Call, parameters: Parameters, page: ListPage, more: readonly XmlElement[]): S3Response {
  const { prefix, delimiter, maximumEntries, encodingType, encode } = parameters
  const body = xmlDocument('ListBucketResult', [
    ['Name', call.request.bucket],
    ['Prefix', encode(prefix)],
    ['Delimiter', delimiter === '' ? undefined : encode(delimiter)],
    ['MaxKeys', maximumEntries],
    ['EncodingType', encodingType],
    ['IsTruncated', page.isTruncated],
    ...more,
    ...page.entries.map((entry) => renderEntry(entry, encode)),
  ])
  return { status: 200, body }
}

function renderEntry(entry: ListEntry, encode: (text: string) => string): XmlElement {
  if (entry.kind === 'prefix') return ['CommonPrefixes', [['Prefix', encode(entry.key)]]]
  const { lastModified, etag, sizeBytes, storageClass, checksum } = entry.record
  return [
    'Contents',
    [
      ['Key', encode(entry.key)],
      ['LastModified', lastModified],
      ['ETag', etag],
      ['ChecksumAlgorithm', checksum?.algorithm],
      ['ChecksumType', checksum?.type],
      ['Size', sizeBytes],
      ['StorageClass', storageClass],
    ],
  ]
}

/** HeadBucket: whether it is there, and that one may list it. */
export async function headBucket(call: Call): Promise<S3Response> {
  call.require('list')
  return { status: 200, headers: { 'x-amz-bucket-region': call.service.region } }
}

/** Buckets are a matter of configuration; clients such as rclone ask for theirs all the same. */
export async function createBucket(call: Call): Promise<S3Response> {
  call.require('list')
  throw new S3Error(
    'BucketAlreadyOwnedByYou',
    'Your previous request to create the named bucket succeeded and you already own it.',
  )
}

export async function getBucketLocation(call: Call): Promise<S3Response> {
  call.require('list')
  const { region } = call.service
  return { status: 200, body: xmlDocument('LocationConstraint', region === 'us-east-1' ? '' : region) }
}
