import type { ServerResponse } from 'node:http'
import { type Action, isAllowed } from './credentials.ts'
import type { FileBody } from './file-body.ts'
import type { MultipartStore } from './multipart-store.ts'
import type { ObjectStore } from './object-store.ts'
import type { RecordDatabase } from './records.ts'
import { openRequestBody, type RequestBody, readSmallBody } from './request-body.ts'
import { S3Error } from './s3-error.ts'
import type { CreatedBy } from './s3-event.ts'
import type { S3Request } from './s3-request.ts'
import type { Authorization } from './verify-signature.ts'

/** What every operation works with. */
export interface Service {
  readonly region: string
  readonly database: RecordDatabase
  readonly objects: ObjectStore
  readonly uploads: MultipartStore
  readonly now: () => Date
  /** The time by which archived objects thaw, and freeze again. */
  readonly thawClock: () => Date
  /** A part that is not the last one is at least as large. */
  readonly minimumPartBytes: number
  readonly objectCreated: (call: Call, object: CreatedObjectSummary) => Promise<void>
}

export interface CreatedObjectSummary {
  readonly sizeBytes: number
  readonly etag: string
  readonly createdBy: CreatedBy
}

export interface S3Response {
  readonly status: number
  readonly headers?: Readonly<Record<string, string | number | undefined>>
  readonly body?: string | FileBody
}

export type Operation = (call: Call) => Promise<S3Response>

/** One authenticated request. */
export class Call {
  readonly request: S3Request
  readonly service: Service
  readonly authorization: Authorization
  readonly requestId: string
  readonly #response: ServerResponse

  constructor(request: S3Request, service: Service, authorization: Authorization, response: ServerResponse, requestId: string) {
    this.request = request
    this.service = service
    this.authorization = authorization
    this.requestId = requestId
    this.#response = response
  }

  header(name: string): string | undefined {
    return this.request.headers.get(name)
  }

  /** Throws S3Error AccessDenied unless the sender may do this, by default to the object or bucket of the request. */
  require(action: Action, bucket = this.request.bucket, key = this.request.key): void {
    if (!this.isAllowed(action, bucket, key)) throw new S3Error('AccessDenied', 'Access Denied')
  }

  isAllowed(action: Action, bucket = this.request.bucket, key = this.request.key): boolean {
    return isAllowed(this.authorization.credentials, action, bucket, key)
  }

  /** To be called when nothing but the body itself can still be wrong: this is where a waiting client is told to send it. */
  openBody(): RequestBody {
    const body = openRequestBody(this.request, this.authorization, { withMd5: true })
    this.#continue()
    return body
  }

  async readSmallBody(): Promise<Buffer> {
    this.#continue()
    return await readSmallBody(this.request, this.authorization)
  }

  #continue(): void {
    if (this.header('expect')?.toLowerCase() === '100-continue') this.#response.writeContinue()
  }
}
