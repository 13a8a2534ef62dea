import type { SignedRequest } from '../../contract/transfers.ts'
import { type ByteRange, type ByteSource, type PutResult, putBytes, putRange } from '../remote/put.ts'
import type { Transport } from '../remote/transport.ts'

export interface SendOptions {
  /** Called with the bytes that went over the network just now; negative when they have to go again. */
  readonly onMoved: (bytes: number) => void
  readonly signal: AbortSignal
}

/** How bytes get to S3. Retries what may be retried, and throws a `TransferError` for the rest. */
export interface OriginalSender {
  sendRange(request: SignedRequest, source: ByteSource, range: ByteRange, options: SendOptions): Promise<PutResult>
  sendBytes(request: SignedRequest, bytes: Buffer, options: SendOptions): Promise<PutResult>
}

export function createOriginalSender(transport: Transport): OriginalSender {
  return {
    sendRange: (request, source, range, options) => putRange(request, source, range, { transport, ...options }),
    sendBytes: (request, bytes, options) => putBytes(request, bytes, { transport, ...options }),
  }
}
