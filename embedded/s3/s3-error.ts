/** S3's error codes that this server answers with, and their HTTP status. */
const statusOfCode = {
  AccessDenied: 403,
  AuthorizationHeaderMalformed: 400,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  BucketAlreadyOwnedByYou: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  ExpiredToken: 400,
  IncompleteBody: 400,
  /** S3 has none like it: of a file that something else than this server has cut short, or written to. */
  IncompleteObject: 404,
  InsufficientStorage: 507,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidDigest: 400,
  InvalidObjectState: 403,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidStorageClass: 400,
  InvalidToken: 400,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MalformedXML: 400,
  MetadataTooLarge: 400,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NotImplemented: 501,
  ObjectNotInActiveTierError: 403,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  RestoreAlreadyInProgress: 409,
  SignatureDoesNotMatch: 403,
  XAmzContentSHA256Mismatch: 400,
} as const
export type S3ErrorCode = keyof typeof statusOfCode

interface S3ErrorOptions extends ErrorOptions {
  readonly details?: Readonly<Record<string, string>>
}

/** A refusal in S3's own terms: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export class S3Error extends Error {
  override readonly name = 'S3Error'
  readonly code: S3ErrorCode
  readonly status: number
  /** Elements that this error's document has beside those of every error. */
  readonly details: Readonly<Record<string, string>>

  constructor(code: S3ErrorCode, message: string, options: S3ErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.status = statusOfCode[code]
    this.details = options.details ?? {}
  }
}

/** Turns what the file system says into what S3 would say; an S3Error stays as it is. */
export function toS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error
  const systemCode = error instanceof Error && 'code' in error ? error.code : undefined
  if (systemCode === 'ENOSPC' || systemCode === 'EDQUOT') {
    return new S3Error('InsufficientStorage', 'The disk that holds this bucket is full.', { cause: error })
  }
  if (systemCode === 'ENAMETOOLONG') return new S3Error('KeyTooLongError', 'Your key is too long', { cause: error })
  return new S3Error('InternalError', 'We encountered an internal error. Please try again.', { cause: error })
}
