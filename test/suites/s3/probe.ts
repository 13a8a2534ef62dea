import { randomUUID } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import {
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { SignatureV4 } from '@smithy/signature-v4'
import { NodeSha256 } from '../../../embedded/s3/node-sha256.ts'

export interface TestCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** An S3 to hold to its promises. The bucket exists; the suite leaves objects under `promises/` in it. */
export interface S3UnderTest {
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly credentials: TestCredentials
  /** Temporary credentials that may do everything under `prefix` and nothing else; absent where they cannot be made. */
  readonly limited?: { readonly credentials: TestCredentials; readonly prefix: string }
  /** Moves the clock by which archived objects thaw, and says what it shows, in milliseconds since 1970. */
  advance?(byMs: number): number
  close(): Promise<void>
}

export interface RawRequest {
  readonly method: string
  /** Encoded, with its query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
}

export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
  /** S3's error code out of the XML; empty for none. */
  readonly code: string
}

export interface SignOptions {
  readonly signedAt?: Date
  readonly credentials?: TestCredentials
  readonly region?: string
  readonly service?: string
}

/** What the checks do with an S3: through the SDK as it comes, or by requests made by hand. */
export class Probe {
  readonly target: S3UnderTest
  readonly client: S3Client
  readonly bucket: string

  constructor(target: S3UnderTest) {
    this.target = target
    this.bucket = target.bucket
    this.client = this.clientWith(target.credentials)
  }

  clientWith(
    credentials: TestCredentials,
    requestChecksumCalculation: 'WHEN_SUPPORTED' | 'WHEN_REQUIRED' = 'WHEN_SUPPORTED',
  ): S3Client {
    const { endpoint, region } = this.target
    return new S3Client({ endpoint, region, credentials, requestChecksumCalculation, forcePathStyle: true, maxAttempts: 1 })
  }

  /** A key that no other check uses. */
  key(name = 'object'): string {
    return `promises/${randomUUID()}/${name}`
  }

  /** The encoded path of a key, as a request line has it. */
  path(key: string, query = ''): string {
    const encoded = key.split('/').map(encodeURIComponent).join('/')
    return `/${this.bucket}/${encoded.replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)}${query}`
  }

  async put(key: string, body: string | Buffer, more: Partial<PutObjectCommandInput> = {}) {
    return await this.client.send(new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: body, ...more }))
  }

  async get(key: string): Promise<Buffer> {
    const { Body } = await this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }))
    return Buffer.from((await Body?.transformToByteArray()) ?? [])
  }

  async exists(key: string): Promise<boolean> {
    try {
      await this.client.send(new HeadObjectCommand({ Bucket: this.bucket, Key: key }))
      return true
    } catch (error) {
      if (error instanceof NotFound || error instanceof NoSuchKey) return false
      throw error
    }
  }

  /** A presigned PUT as the backend signs it: what is in `input` is enforced by the signature. */
  async presignPut(
    input: Omit<PutObjectCommandInput, 'Bucket'>,
    options: SignOptions & { readonly expiresIn?: number } = {},
  ): Promise<string> {
    const client = this.clientWith(options.credentials ?? this.target.credentials, 'WHEN_REQUIRED')
    return await getSignedUrl(client, new PutObjectCommand({ Bucket: this.bucket, ...input }), {
      expiresIn: options.expiresIn ?? 300,
      unhoistableHeaders: new Set(['x-amz-checksum-sha256']),
      ...(options.signedAt && { signingDate: options.signedAt }),
    })
  }

  async presignGet(key: string, options: SignOptions & { readonly expiresIn?: number } = {}): Promise<string> {
    const client = this.clientWith(options.credentials ?? this.target.credentials)
    return await getSignedUrl(client, new GetObjectCommand({ Bucket: this.bucket, Key: key }), {
      expiresIn: options.expiresIn ?? 300,
      ...(options.signedAt && { signingDate: options.signedAt }),
    })
  }

  /** Signs by hand; headers are signed as they stand, so that what the SDK would never send can be sent. */
  async sign(request: RawRequest, options: SignOptions = {}): Promise<RawRequest> {
    const url = new URL(request.path, this.target.endpoint)
    const signer = new SignatureV4({
      service: options.service ?? 's3',
      region: options.region ?? this.target.region,
      credentials: options.credentials ?? this.target.credentials,
      sha256: NodeSha256,
      uriEscapePath: false,
      applyChecksum: false,
    })
    const signed = await signer.sign(
      {
        method: request.method,
        protocol: url.protocol,
        hostname: url.hostname,
        path: request.path.split('?')[0] ?? '',
        query: Object.fromEntries(url.searchParams),
        headers: { host: url.host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...request.headers },
      },
      { signingDate: options.signedAt ?? new Date() },
    )
    return { ...request, headers: signed.headers }
  }

  async sendSigned(request: RawRequest, options: SignOptions = {}): Promise<RawAnswer> {
    return await this.send(await this.sign(request, options))
  }

  /** `path` may be a whole presigned URL. */
  async send(request: RawRequest): Promise<RawAnswer> {
    const { hostname, port, protocol } = new URL(this.target.endpoint)
    const path = request.path.startsWith('http') ? request.path.slice(new URL(request.path).origin.length) : request.path
    const length = request.body === undefined ? {} : { 'content-length': String(request.body.length) }
    const start = protocol === 'https:' ? httpsRequest : httpRequest
    return await new Promise((resolve, reject) => {
      const outgoing = start({
        hostname,
        port,
        method: request.method,
        path,
        headers: { ...length, ...request.headers },
        agent: false,
      })
      outgoing.on('error', reject)
      outgoing.on('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const body = Buffer.concat(chunks)
          const code = /<Error>.*?<Code>(.*?)<\/Code>/s.exec(body.toString('latin1', 0, 4096))?.[1] ?? ''
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body, code })
        })
      })
      outgoing.end(request.body)
    })
  }
}

/** The S3 error code and status that a call through the SDK ends with; fails when it does not fail. */
export async function refusalOf(call: Promise<unknown>): Promise<{ readonly code: string; readonly status: number | undefined }> {
  try {
    await call
  } catch (error) {
    if (error instanceof S3ServiceException) return { code: error.name, status: error.$metadata.httpStatusCode }
    throw error
  }
  throw new Error('the call was accepted')
}

/** Status and code of a request made by hand, to be compared in one go. */
export function verdict(answer: RawAnswer): { readonly status: number; readonly code: string } {
  return { status: answer.status, code: answer.code }
}
