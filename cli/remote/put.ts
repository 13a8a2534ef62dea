import type { ClientRequest, IncomingMessage } from 'node:http'
import type { SignedRequest } from '../../contract/transfers.ts'
import { TransferError } from '../errors.ts'
import { followArrival } from './arrival.ts'
import { ofLocalFile } from './local-file-error.ts'
import { RetryableError, retry } from './retry.ts'
import { readS3Body } from './s3-answer.ts'
import { errorOfRefusal, readS3Refusal } from './s3-refusal.ts'
import { asTransferError, type TransferOptions } from './transfer.ts'
import { connectionError, startExchange, type Transport } from './transport.ts'

/** The part of a `FileHandle` that sending needs. */
export interface ByteSource {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>
}

export interface ByteRange {
  readonly offset: number
  readonly sizeBytes: number
}

/** `already-there`: S3 answered 412, an object of this key exists and was not touched. */
export type PutResult = { readonly kind: 'sent' } | { readonly kind: 'already-there' }

/** Writes the body; `onWritten` hears what the kernel has taken. Resolves when all of it is on its way. */
type WriteBody = (request: ClientRequest, onWritten: (bytes: number) => void) => Promise<void>

/**
 * Sends a range of an open file with one signed PUT. Reads it anew for each attempt, through one of the run's shared
 * buffers. Throws a `TransferError`: `expired` when the request must be signed again, `bytes-differ` when S3 got other
 * bytes than were signed, twice. Errors of the file as they are, after one attempt.
 */
export function putRange(
  request: SignedRequest,
  source: ByteSource,
  range: ByteRange,
  options: TransferOptions,
): Promise<PutResult> {
  return put(request, range.sizeBytes, (client, onWritten) => writeRange(client, source, range, options, onWritten), options)
}

/** Sends bytes that are in memory with one signed PUT; fails as {@link putRange} does. */
export function putBytes(request: SignedRequest, bytes: Buffer, options: TransferOptions): Promise<PutResult> {
  const writeBody: WriteBody = (client, onWritten) => writePaced(client, bytes, options, onWritten)
  return put(request, bytes.length, writeBody, options)
}

async function put(
  request: SignedRequest,
  sizeBytes: number,
  writeBody: WriteBody,
  options: TransferOptions,
): Promise<PutResult> {
  const { transport, signal } = options
  const arrival = followArrival()
  const putInTime = async (onLife: () => void): Promise<PutResult> => {
    requireTimeLeft(request, transport)
    return await putOnce(request, sizeBytes, writeBody, { ...options, onMoved: arrival.listen(onLife, options.onMoved) })
  }
  let timesDifferent = 0
  const attempt = async (onLife: () => void): Promise<PutResult> => {
    try {
      return await transport.concurrency.run(() => putInTime(onLife), signal)
    } catch (error) {
      // Once may be the wire's fault; the second time it is the file that has changed.
      if (error instanceof TransferError && error.kind === 'bytes-differ' && timesDifferent++ === 0) {
        throw new RetryableError(error.message, { cause: error })
      }
      throw error
    }
  }
  try {
    const { hasAdvanced } = arrival
    return await retry(attempt, { clock: transport.clock, patience: transport.outage.storage, signal, hasAdvanced })
  } catch (error) {
    throw asTransferError(error, transport)
  }
}

/** With less left, a request could expire on its way. */
const leastLifeMs = 60 * 1000

/** Whether S3 would take a request no longer, or hardly, by the remote's clock. */
function isAboutToExpire({ expiresAt }: SignedRequest, { serverClock }: Pick<Transport, 'serverClock'>): boolean {
  return Date.parse(expiresAt) - serverClock.now().getTime() < leastLifeMs
}

/** It may have waited for its turn, or for the remote to come back. To be refused after all bytes have gone is worse than to ask. */
function requireTimeLeft(request: SignedRequest, transport: Transport): void {
  if (isAboutToExpire(request, transport)) throw new TransferError('the signed request has expired', { kind: 'expired' })
}

async function putOnce(
  request: SignedRequest,
  sizeBytes: number,
  writeBody: WriteBody,
  { transport, onMoved, signal }: TransferOptions,
): Promise<PutResult> {
  const headers = { ...request.headers, ...contentLength(request, sizeBytes) }
  const exchange = startExchange(transport, { method: request.method, url: request.url, headers }, signal)
  let moved = 0
  let allSent = false
  const onWritten = (bytes: number): void => {
    moved += bytes
    onMoved?.(bytes)
  }
  const sending = writeBody(exchange.request, onWritten).then(() => {
    exchange.request.end()
    allSent = true
  })
  let result: PutResult | undefined
  try {
    // Either may settle first: S3 may answer before it has read everything, and the file may fail while it is read.
    const response = await Promise.race([exchange.response, sending.then(() => exchange.response)])
    result = await readPutAnswer(response, transport)
    return result
  } finally {
    if (!allSent) exchange.request.destroy()
    await sending.catch(() => {}) // its buffer is in use until here
    if (result?.kind !== 'sent') onMoved?.(-moved)
  }
}

/** S3 refuses a PUT without a length; where it is signed it is among the signed headers already. */
function contentLength(request: SignedRequest, sizeBytes: number): Record<string, string> {
  const isSigned = Object.keys(request.headers).some((name) => name.toLowerCase() === 'content-length')
  return isSigned ? {} : { 'content-length': String(sizeBytes) }
}

async function readPutAnswer(response: IncomingMessage, transport: Transport): Promise<PutResult> {
  if (response.statusCode === 200) {
    await readS3Body(response)
    return { kind: 'sent' }
  }
  const refusal = await readS3Refusal(response, transport)
  if (refusal.status === 412 && !refusal.isForeign) return { kind: 'already-there' }
  throw errorOfRefusal(refusal)
}

async function writeRange(
  client: ClientRequest,
  source: ByteSource,
  range: ByteRange,
  options: TransferOptions,
  onWritten: (bytes: number) => void,
): Promise<void> {
  const { transport, signal } = options
  const slot = await transport.slots.take(signal)
  try {
    for (let sent = 0; sent < range.sizeBytes; ) {
      const length = Math.min(slot.length, range.sizeBytes - sent)
      await fill(slot, length, source, range.offset + sent)
      await writePaced(client, slot.subarray(0, length), options, onWritten)
      sent += length
    }
  } finally {
    transport.slots.giveBack(slot)
  }
}

async function fill(slot: Buffer, length: number, source: ByteSource, position: number): Promise<void> {
  for (let filled = 0; filled < length; ) {
    const { bytesRead } = await ofLocalFile(source.read(slot, filled, length - filled, position + filled))
    if (bytesRead === 0) throw new TransferError('the file became shorter while it was read', { kind: 'bytes-differ' })
    filled += bytesRead
  }
}

/** Writes as fast as the run may send: all at once without a limit, else in small steps. */
async function writePaced(
  client: ClientRequest,
  bytes: Buffer,
  { transport, signal }: TransferOptions,
  onWritten: (bytes: number) => void,
): Promise<void> {
  const { up } = transport.bandwidth
  for (let written = 0; written < bytes.length; ) {
    const step = bytes.subarray(written, written + up.stepBytes())
    await up.take(step.length, signal)
    await write(client, step)
    written += step.length
    onWritten(step.length)
  }
}

/** Resolves when the kernel has taken the bytes, so that their buffer can be filled again. */
function write(client: ClientRequest, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    // A destroyed request does not always call back.
    const onClose = (): void => reject(connectionError('ECONNRESET', 'the connection was closed'))
    if (client.destroyed) return onClose()
    client.once('close', onClose)
    client.write(bytes, (error) => {
      client.off('close', onClose)
      if (error) reject(error)
      else resolve()
    })
  })
}
