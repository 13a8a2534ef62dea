import type { Operation } from './call.ts'
import { completeMultipartUpload } from './complete-multipart-upload.ts'
import { copyObject } from './copy-object.ts'
import { deleteObject, deleteObjects } from './delete-objects.ts'
import { getObject } from './get-object.ts'
import { createBucket, getBucketLocation, headBucket, listObjectsV1, listObjectsV2 } from './list-operations.ts'
import { abortMultipartUpload, createMultipartUpload, listParts, uploadPart } from './multipart-operations.ts'
import { putObject } from './put-object.ts'
import { restoreObject } from './restore-object.ts'
import { S3Error } from './s3-error.ts'
import type { S3Request } from './s3-request.ts'

interface Route {
  readonly operation: Operation
  readonly method: string
  readonly on: 'bucket' | 'object'
  /** Parameters that must be there, with their value where it matters. */
  readonly needs?: Readonly<Record<string, string | undefined>>
  /** A header that must be there. */
  readonly needsHeader?: string
  /** Parameters that may be there. */
  readonly takes?: readonly string[]
}

const listParameters = ['prefix', 'delimiter', 'max-keys', 'encoding-type', 'fetch-owner']
const overrideParameters = [
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
]

/** The first one that fits is it; what no route names is not implemented. */
const routes: readonly Route[] = [
  { operation: headBucket, method: 'HEAD', on: 'bucket' },
  { operation: createBucket, method: 'PUT', on: 'bucket' },
  { operation: getBucketLocation, method: 'GET', on: 'bucket', needs: { location: undefined } },
  {
    operation: listObjectsV2,
    method: 'GET',
    on: 'bucket',
    needs: { 'list-type': '2' },
    takes: [...listParameters, 'continuation-token', 'start-after'],
  },
  { operation: listObjectsV1, method: 'GET', on: 'bucket', takes: [...listParameters, 'marker'] },
  { operation: deleteObjects, method: 'POST', on: 'bucket', needs: { delete: undefined } },
  { operation: getObject, method: 'HEAD', on: 'object', takes: overrideParameters },
  {
    operation: listParts,
    method: 'GET',
    on: 'object',
    needs: { uploadId: undefined },
    takes: ['max-parts', 'part-number-marker', 'encoding-type'],
  },
  { operation: getObject, method: 'GET', on: 'object', takes: overrideParameters },
  { operation: uploadPart, method: 'PUT', on: 'object', needs: { uploadId: undefined, partNumber: undefined } },
  { operation: copyObject, method: 'PUT', on: 'object', needsHeader: 'x-amz-copy-source' },
  { operation: putObject, method: 'PUT', on: 'object' },
  { operation: deleteObject, method: 'DELETE', on: 'object' },
  { operation: abortMultipartUpload, method: 'DELETE', on: 'object', needs: { uploadId: undefined } },
  { operation: createMultipartUpload, method: 'POST', on: 'object', needs: { uploads: undefined } },
  { operation: restoreObject, method: 'POST', on: 'object', needs: { restore: undefined } },
  { operation: completeMultipartUpload, method: 'POST', on: 'object', needs: { uploadId: undefined } },
]

/** `x-amz-*` headers that are obeyed, or that ask for nothing else than what is done anyway. */
const knownHeaders = new Set([
  'x-amz-checksum-algorithm',
  'x-amz-checksum-crc32',
  'x-amz-checksum-crc32c',
  'x-amz-checksum-crc64nvme',
  'x-amz-checksum-mode',
  'x-amz-checksum-sha1',
  'x-amz-checksum-sha256',
  'x-amz-checksum-type',
  'x-amz-content-sha256',
  'x-amz-copy-source',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-metadata-directive',
  'x-amz-mp-object-size',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-security-token',
  'x-amz-storage-class',
  'x-amz-trailer',
  'x-amz-user-agent',
])
/** What an object here is anyway. */
const privateAcls = new Set(['private', 'bucket-owner-full-control'])

/** The operation that a request asks for. Throws S3Error NotImplemented for any other, so that nothing is done by halves. */
export function findOperation(request: S3Request): Operation {
  const parameters = [...request.query.keys()].filter((name) => name !== 'x-id' && !name.startsWith('X-Amz-'))
  const on = request.key === '' ? 'bucket' : 'object'
  const route = routes.find((each) => each.method === request.method && each.on === on && fits(each, request, parameters))
  if (route === undefined)
    throw new S3Error('NotImplemented', 'A header or query you provided implies functionality that is not implemented.')
  for (const name of request.headers.keys()) requireKnownHeader(name, request)
  if (route.operation !== copyObject && request.headers.has('x-amz-copy-source')) {
    throw new S3Error('NotImplemented', 'UploadPartCopy is not implemented.')
  }
  return route.operation
}

function fits(route: Route, request: S3Request, parameters: readonly string[]): boolean {
  const needs = Object.entries(route.needs ?? {})
  const takes = new Set([...needs.map(([name]) => name), ...(route.takes ?? [])])
  return (
    parameters.every((name) => takes.has(name)) &&
    needs.every(([name, value]) => request.query.has(name) && (value === undefined || request.query.get(name) === value)) &&
    (route.needsHeader === undefined || request.headers.has(route.needsHeader))
  )
}

function requireKnownHeader(name: string, request: S3Request): void {
  if (!name.startsWith('x-amz-') || knownHeaders.has(name) || name.startsWith('x-amz-meta-')) return
  if (name === 'x-amz-acl' && privateAcls.has(request.headers.get(name) ?? '')) return
  throw new S3Error('NotImplemented', `The header ${name} is not implemented.`)
}
