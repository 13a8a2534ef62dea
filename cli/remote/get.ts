import type { IncomingMessage } from 'node:http'
import type { ContentHash } from '../../contract/content-hash.ts'
import { receiveBody } from './receive-body.ts'
import { type ByteSink, createReceived, otherLength, type Received } from './received.ts'
import { retry } from './retry.ts'
import { foreignAnswer, isFromS3 } from './s3-answer.ts'
import { errorOfRefusal, readS3Refusal } from './s3-refusal.ts'
import { type SignRequest, signing } from './signed-attempts.ts'
import { asTransferError, type TransferOptions } from './transfer.ts'
import { connectionError, type HttpRequest, startExchange } from './transport.ts'

export interface GetOptions extends TransferOptions {
  /** The length that the object must have. */
  readonly sizeBytes: number
}

/**
 * Downloads an object to the start of an open, empty file and hashes it on the way. A connection that breaks is taken up
 * again behind the last byte that was written, with a request that is signed anew. Resolves with the content hash of what is
 * in the file now. Throws a `TransferError`: `expired`, `denied`, `missing`, `archived`, or `bytes-differ` for an object of
 * another length; errors of the file and of `sign` as they are.
 */
export async function getToFile(sign: SignRequest, sink: ByteSink, options: GetOptions): Promise<ContentHash> {
  const received = createReceived(sink, options.sizeBytes)
  let bytesBefore = 0
  const hasAdvanced = (): boolean => {
    const advanced = received.sizeBytes > bytesBefore
    bytesBefore = received.sizeBytes
    return advanced
  }
  const { signal, transport, onMoved } = options
  const getInTurn = (request: HttpRequest, onLife: () => void) => {
    const onMovedNow = (bytes: number): void => {
      if (bytes > 0) onLife()
      onMoved?.(bytes)
    }
    const asked = { ...options, onMoved: onMovedNow, onLife }
    return transport.concurrency.run(() => getRest(request, received, asked), signal)
  }
  const attempt = signing(sign, getInTurn)
  try {
    await retry(attempt, { clock: transport.clock, patience: transport.outage.storage, signal, hasAdvanced })
    return received.contentHash()
  } catch (error) {
    onMoved?.(-received.sizeBytes)
    throw asTransferError(error, transport)
  }
}

interface RestOptions extends GetOptions {
  /** Called when the storage shows that it is there. */
  readonly onLife: () => void
}

async function getRest(request: HttpRequest, received: Received, options: RestOptions): Promise<void> {
  if (received.sizeBytes === options.sizeBytes && received.sizeBytes > 0) return
  const headers = received.sizeBytes === 0 ? request.headers : { ...request.headers, range: `bytes=${received.sizeBytes}-` }
  const exchange = startExchange(options.transport, { method: request.method, url: request.url, headers }, options.signal)
  exchange.request.end()
  let finished = false
  try {
    const response = await exchange.response
    await checkHead(response, received, options)
    options.onLife() // if what follows always breaks off, this object is the matter
    await receiveBody(response, received, options)
    if (received.sizeBytes !== options.sizeBytes) throw connectionError('ECONNRESET', 'the answer ended too early')
    finished = true
  } finally {
    if (!finished) exchange.request.destroy()
  }
}

async function checkHead(
  response: IncomingMessage,
  received: Received,
  { sizeBytes, transport, onMoved }: GetOptions,
): Promise<void> {
  const status = response.statusCode
  if (status !== 200 && status !== 206) throw errorOfRefusal(await readS3Refusal(response, transport))
  if (!isFromS3(response)) throw foreignAnswer(status)
  if (status === 200 && received.sizeBytes > 0) {
    // The range was ignored: the whole object comes again.
    onMoved?.(-received.sizeBytes)
    received.startAnew()
  }
  const length = Number(response.headers['content-length'] ?? Number.NaN)
  if (Number.isNaN(length) || received.sizeBytes + length === sizeBytes) return
  throw otherLength()
}
