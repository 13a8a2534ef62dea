import { createHash } from 'node:crypto'
import { isSame } from '../is-same.ts'
import { ByteReader } from './byte-reader.ts'
import { S3Error } from './s3-error.ts'
import type { Authorization } from './verify-signature.ts'

export interface ChunkedBodyOptions {
  /** Each chunk carries a signature that builds on the one before it. */
  readonly signedBy?: Authorization | undefined
  readonly onTrailer: (name: string, value: string) => void
  /** The body ends with trailers, as `x-amz-trailer` announced. */
  readonly hasTrailers: boolean
}

const emptyHash = createHash('sha256').digest('hex')

/**
 * The object's bytes out of an `aws-chunked` body. A wrong chunk signature is found at the end of its chunk: what was
 * yielded counts only once the generator has ended. Throws S3Error IncompleteBody, InvalidRequest or SignatureDoesNotMatch.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html
 */
export async function* decodeChunkedBody(source: AsyncIterable<Buffer>, options: ChunkedBodyOptions): AsyncGenerator<Buffer> {
  const reader = new ByteReader(source)
  const chain = options.signedBy === undefined ? undefined : new SignatureChain(options.signedBy)
  for (;;) {
    const { sizeBytes, signature } = parseChunkHeader(await reader.line())
    const hash = chain === undefined ? undefined : createHash('sha256')
    for await (const piece of reader.bytes(sizeBytes)) {
      hash?.update(piece)
      yield piece
    }
    if (hash !== undefined) await chain?.verify('PAYLOAD', [emptyHash, hash.digest('hex')], signature)
    if (sizeBytes === 0) break
    if ((await reader.line()) !== '') throw new S3Error('InvalidRequest', 'A chunk is longer than its header says.')
  }
  await readTrailers(reader, chain, options)
  if (!(await reader.isAtEnd())) throw new S3Error('InvalidRequest', 'There are bytes after the end of the aws-chunked body.')
}

function parseChunkHeader(line: string): { readonly sizeBytes: number; readonly signature: string } {
  const [, size, signature] = /^([0-9a-f]{1,10})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line) ?? []
  if (size === undefined) throw new S3Error('InvalidRequest', 'The header of a chunk of the aws-chunked body is malformed.')
  return { sizeBytes: Number.parseInt(size, 16), signature: signature ?? '' }
}

async function readTrailers(reader: ByteReader, chain: SignatureChain | undefined, options: ChunkedBodyOptions): Promise<void> {
  const hash = createHash('sha256')
  let signature = ''
  for (let line = await reader.line(); line !== ''; line = await reader.line()) {
    const [name = '', ...rest] = line.split(':')
    const value = rest.join(':').trim()
    if (name.toLowerCase() === 'x-amz-trailer-signature') {
      signature = value
    } else {
      hash.update(`${name.toLowerCase()}:${value}\n`)
      options.onTrailer(name.toLowerCase(), value)
    }
  }
  if (options.hasTrailers) await chain?.verify('TRAILER', [hash.digest('hex')], signature)
}

class SignatureChain {
  readonly #authorization: Authorization
  #previous: string

  constructor(authorization: Authorization) {
    this.#authorization = authorization
    this.#previous = authorization.seedSignature
  }

  async verify(kind: 'PAYLOAD' | 'TRAILER', hashes: readonly string[], signature: string): Promise<void> {
    const lines = [`AWS4-HMAC-SHA256-${kind}`, this.#authorization.scopeLines, this.#previous, ...hashes]
    if (!isSame(await this.#authorization.signString(lines.join('\n')), signature)) {
      throw new S3Error('SignatureDoesNotMatch', 'The signature of a chunk of the body does not match the one we calculated.')
    }
    this.#previous = signature
  }
}
