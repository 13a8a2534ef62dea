import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import { parseUploadKey } from '../contract/object-keys.ts'
import { type Backend, connectBackend } from './backend.ts'
import { parseUploadEvent } from './photos/parse-upload-event.ts'
import { processOriginal } from './photos/process-original.ts'
import { type MetadataReader, openMetadataReader } from './photos/read-metadata.ts'
import { verifyOriginal } from './photos/verify-original.ts'

export type ProcessUploadHandler = (event: SQSEvent) => Promise<SQSBatchResponse>

/** Uploads, and what asks for a stored original to be verified, as S3 announces them through the queue. Records that failed are named, and come again. */
export function createProcessUploadHandler(
  backend: Backend,
  reader: MetadataReader = openMetadataReader(),
): ProcessUploadHandler {
  return async (event) => {
    const batchItemFailures: SQSBatchResponse['batchItemFailures'] = []
    for (const record of event.Records) {
      try {
        await processRecord(record, backend, reader)
      } catch (error) {
        backend.log({ level: 'error', event: 'process-upload-failed', messageId: record.messageId, error: describe(error) })
        batchItemFailures.push({ itemIdentifier: record.messageId })
      }
    }
    return { batchItemFailures }
  }
}

async function processRecord(record: SQSRecord, backend: Backend, reader: MetadataReader): Promise<void> {
  const attempt = Number(record.attributes.ApproximateReceiveCount)
  for (const key of parseUploadEvent(record.body)) {
    const identity = parseUploadKey(key)
    if (identity.kind === 'verification') await verifyOriginal(identity, attempt, backend)
    else await processOriginal(key, attempt, backend, reader)
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

let connected: ProcessUploadHandler | undefined

/** The function that is deployed. Clients are made at the first event and kept for the next ones. */
export const handler: ProcessUploadHandler = async (event) => {
  connected ??= createProcessUploadHandler(connectBackend(process.env))
  return await connected(event)
}
