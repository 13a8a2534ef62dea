import { encodeUriComponent } from './s3-request.ts'

/** S3's event notification, version 2.1: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
export interface S3Event {
  readonly Records: readonly [S3EventRecord]
}

export interface S3EventRecord {
  readonly eventVersion: '2.1'
  readonly eventSource: 'aws:s3'
  readonly awsRegion: string
  readonly eventTime: string
  readonly eventName: `ObjectCreated:${CreatedBy}`
  readonly userIdentity: { readonly principalId: string }
  readonly requestParameters: { readonly sourceIPAddress: string }
  readonly responseElements: { readonly 'x-amz-request-id': string; readonly 'x-amz-id-2': string }
  readonly s3: {
    readonly s3SchemaVersion: '1.0'
    readonly configurationId: string
    readonly bucket: { readonly name: string; readonly ownerIdentity: { readonly principalId: string }; readonly arn: string }
    /** The key is URL-encoded, a space as `+`; the ETag has no quotes. */
    readonly object: { readonly key: string; readonly size: number; readonly eTag: string; readonly sequencer: string }
  }
}

export type CreatedBy = 'Put' | 'Copy' | 'CompleteMultipartUpload'

export interface CreatedObject {
  readonly bucket: string
  readonly key: string
  readonly sizeBytes: number
  readonly etag: string
  readonly createdBy: CreatedBy
  readonly accessKeyId: string
  readonly sourceAddress: string
  readonly requestId: string
  /** Greater than that of every earlier event. */
  readonly sequence: bigint
}

export function createS3Event(object: CreatedObject, region: string, now: Date): S3Event {
  return {
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: region,
        eventTime: now.toISOString(),
        eventName: `ObjectCreated:${object.createdBy}`,
        userIdentity: { principalId: `AWS:${object.accessKeyId}` },
        requestParameters: { sourceIPAddress: object.sourceAddress },
        responseElements: { 'x-amz-request-id': object.requestId, 'x-amz-id-2': object.requestId },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'object-created',
          bucket: { name: object.bucket, ownerIdentity: { principalId: 'photos' }, arn: `arn:aws:s3:::${object.bucket}` },
          object: {
            key: encodeEventKey(object.key),
            size: object.sizeBytes,
            eTag: object.etag.replaceAll('"', ''),
            sequencer: object.sequence.toString(16).toUpperCase().padStart(18, '0'),
          },
        },
      },
    ],
  }
}

function encodeEventKey(key: string): string {
  return key.split('/').map(encodeUriComponent).join('/').replaceAll('%20', '+')
}
