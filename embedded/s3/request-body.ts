import { incompleteBody } from './byte-reader.ts'
import {
  type Checksum,
  type ChecksumAlgorithm,
  checksumHeader,
  createDigester,
  type Digester,
  findChecksumAlgorithm,
  findDeclaredChecksum,
  requireChecksumValue,
} from './checksums.ts'
import { decodeChunkedBody } from './chunked-body.ts'
import { S3Error } from './s3-error.ts'
import type { S3Request } from './s3-request.ts'
import type { Authorization } from './verify-signature.ts'

/** Bytes that arrived whole and were what the request had declared. */
export interface ReceivedBody {
  readonly sizeBytes: number
  /** Hexadecimal; only where it was asked for or had to be verified. */
  readonly md5: string | undefined
  readonly checksum: Checksum | undefined
}

export interface RequestBody {
  /** Read once; every digest that is needed is taken as the bytes pass. */
  readonly chunks: AsyncIterable<Buffer>
  /** To be called when `chunks` has ended. Throws S3Error BadDigest, XAmzContentSHA256Mismatch or IncompleteBody. */
  verify(): Promise<ReceivedBody>
}

const maximumPutBytes = 5 * 1024 ** 3
const streamingPayload = /^STREAMING-(UNSIGNED-PAYLOAD|AWS4-HMAC-SHA256-PAYLOAD)(-TRAILER)?$/

/**
 * The body of a request, of which nothing is read before the headers have been judged.
 * `withMd5` asks for the MD5 of a body that does not declare a SHA-256 checksum.
 * Throws S3Error MissingContentLength, EntityTooLarge, InvalidDigest, InvalidRequest.
 */
export function openRequestBody(
  request: S3Request,
  authorization: Authorization,
  options: { readonly withMd5: boolean },
): RequestBody {
  const sizeBytes = declaredSize(request)
  const declared = findDeclaredChecksum(request.headers)
  if (declared !== undefined) requireChecksumValue(declared)
  const trailer = findTrailer(request)
  const algorithm = declared?.algorithm ?? trailer
  const contentMd5 = parseContentMd5(request.headers.get('content-md5'))
  const contentSha256 = parseContentSha256(authorization.payloadHash)
  const digesters = new Map<ChecksumAlgorithm | 'MD5', Digester>()
  if (algorithm !== undefined) digesters.set(algorithm, createDigester(algorithm))
  if (contentSha256 !== undefined) digesters.set('SHA256', createDigester('SHA256'))
  if (contentMd5 !== undefined || (options.withMd5 && algorithm !== 'SHA256')) digesters.set('MD5', createDigester('MD5'))
  const trailers = new Map<string, string>()
  const counter = { sizeBytes: 0 }
  return {
    chunks: digesting(decoded(request, authorization, trailers), [...digesters.values()], counter, sizeBytes),
    verify: async () => {
      if (counter.sizeBytes !== sizeBytes) throw incompleteBody()
      const digests = new Map<string, Buffer>()
      for (const [name, digester] of digesters) digests.set(name, await digester.digest())
      if (contentSha256 !== undefined && digests.get('SHA256')?.toString('hex') !== contentSha256) {
        throw new S3Error(
          'XAmzContentSHA256Mismatch',
          "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )
      }
      if (contentMd5 !== undefined && digests.get('MD5')?.toString('base64') !== contentMd5) throw badDigest('Content-MD5')
      const checksum = declared ?? findTrailingChecksum(trailer, trailers)
      if (checksum !== undefined && digests.get(checksum.algorithm)?.toString('base64') !== checksum.value) {
        throw badDigest(checksumHeader(checksum.algorithm))
      }
      return { sizeBytes, md5: digests.get('MD5')?.toString('hex'), checksum }
    },
  }
}

/** A small body as one buffer, verified. Throws S3Error MalformedXML when it is longer than any request of ours. */
export async function readSmallBody(request: S3Request, authorization: Authorization): Promise<Buffer> {
  const maximumBytes = 4 * 1024 ** 2
  const body = openRequestBody(request, authorization, { withMd5: false })
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of body.chunks) {
    sizeBytes += chunk.length
    if (sizeBytes > maximumBytes) throw new S3Error('MalformedXML', 'The XML document is too long.')
    chunks.push(chunk)
  }
  await body.verify()
  return Buffer.concat(chunks)
}

function declaredSize(request: S3Request): number {
  const isChunked = request.headers.get('x-amz-content-sha256')?.startsWith('STREAMING-') ?? false
  const length = request.headers.get(isChunked ? 'x-amz-decoded-content-length' : 'content-length')
  if (length === undefined || !/^\d{1,15}$/.test(length)) {
    throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.')
  }
  const sizeBytes = Number(length)
  if (sizeBytes > maximumPutBytes) {
    throw new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed object size.')
  }
  return sizeBytes
}

function findTrailer(request: S3Request): ChecksumAlgorithm | undefined {
  const name = request.headers.get('x-amz-trailer')
  if (name === undefined) return undefined
  const algorithm = findChecksumAlgorithm(name)
  if (algorithm === undefined)
    throw new S3Error('InvalidRequest', 'The value specified in the x-amz-trailer header is not supported')
  return algorithm
}

function findTrailingChecksum(
  algorithm: ChecksumAlgorithm | undefined,
  trailers: ReadonlyMap<string, string>,
): Checksum | undefined {
  if (algorithm === undefined) return undefined
  const value = trailers.get(checksumHeader(algorithm))
  if (value === undefined) throw new S3Error('InvalidRequest', 'The trailer that x-amz-trailer announced did not come.')
  return { algorithm, value }
}

function parseContentMd5(value: string | undefined): string | undefined {
  if (value === undefined || Buffer.from(value, 'base64').length === 16) return value
  throw new S3Error('InvalidDigest', 'The Content-MD5 you specified is not valid.')
}

function parseContentSha256(payloadHash: string): string | undefined {
  if (/^[0-9a-f]{64}$/.test(payloadHash)) return payloadHash
  if (payloadHash === 'UNSIGNED-PAYLOAD' || streamingPayload.test(payloadHash)) return undefined
  throw new S3Error('InvalidArgument', 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-… or a valid sha256 value.')
}

function decoded(request: S3Request, authorization: Authorization, trailers: Map<string, string>): AsyncIterable<Buffer> {
  const [, kind, trailer] = streamingPayload.exec(authorization.payloadHash) ?? []
  // A body that is given up stays readable, so that the client can be told why.
  const source: AsyncIterable<Buffer> = request.incoming.iterator({ destroyOnReturn: false })
  if (kind === undefined) return source
  return decodeChunkedBody(source, {
    signedBy: kind === 'UNSIGNED-PAYLOAD' ? undefined : authorization,
    hasTrailers: trailer !== undefined,
    onTrailer: (name, value) => trailers.set(name, value),
  })
}

async function* digesting(
  chunks: AsyncIterable<Buffer>,
  digesters: readonly Digester[],
  counter: { sizeBytes: number },
  maximumBytes: number,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    counter.sizeBytes += chunk.length
    if (counter.sizeBytes > maximumBytes) throw incompleteBody()
    for (const digester of digesters) digester.update(chunk)
    yield chunk
  }
}

function badDigest(header: string): S3Error {
  return new S3Error('BadDigest', `The ${header} you specified did not match the calculated checksum.`)
}
