import { createHash, type Hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type ContentHash, contentHashOf } from '../../contract/content-hash.ts'
import { TransferError } from '../errors.ts'
import { retry } from './retry.ts'
import { foreignAnswer, isFromS3 } from './s3-answer.ts'
import { errorOfRefusal, readS3Refusal } from './s3-refusal.ts'
import type { SignRequest } from './signed-attempts.ts'
import { signing } from './signed-attempts.ts'
import { asTransferError, type TransferOptions } from './transfer.ts'
import { connectionError, type HttpRequest, startExchange } from './transport.ts'

/** The part of a `FileHandle` that receiving needs. */
export interface ByteSink {
  writev(buffers: NodeJS.ArrayBufferView[], position: number): Promise<{ readonly bytesWritten: number }>
}

export interface GetOptions extends TransferOptions {
  /** The length that the object must have. */
  readonly sizeBytes: number
}

/** What of an object is in the file so far. */
interface Received {
  hash: Hash
  bytes: number
}

/**
 * Downloads an object to the start of an open, empty file and hashes it on the way. A connection that breaks is taken up
 * again behind the last byte that was written, with a request that is signed anew. Resolves with the content hash of what is
 * in the file now. Throws a `TransferError`: `expired`, `denied`, `missing`, `archived`, or `bytes-differ` for an object of
 * another length; errors of the file and of `sign` as they are.
 */
export async function getToFile(sign: SignRequest, sink: ByteSink, options: GetOptions): Promise<ContentHash> {
  const received: Received = { hash: createHash('sha256'), bytes: 0 }
  let bytesBefore = 0
  const hasAdvanced = (): boolean => {
    const advanced = received.bytes > bytesBefore
    bytesBefore = received.bytes
    return advanced
  }
  const { signal, transport, onMoved } = options
  const getInTurn = (request: HttpRequest, onLife: () => void) => {
    const onMovedNow = (bytes: number): void => {
      if (bytes > 0) onLife()
      onMoved?.(bytes)
    }
    const asked = { ...options, onMoved: onMovedNow, onLife }
    return transport.concurrency.run(() => getRest(request, sink, received, asked), signal)
  }
  const attempt = signing(sign, getInTurn)
  try {
    await retry(attempt, { clock: transport.clock, patience: transport.outage.storage, signal, hasAdvanced })
    return contentHashOf(received.hash.digest())
  } catch (error) {
    onMoved?.(-received.bytes)
    throw asTransferError(error, transport)
  }
}

interface RestOptions extends GetOptions {
  /** Called when the storage shows that it is there. */
  readonly onLife: () => void
}

async function getRest(request: HttpRequest, sink: ByteSink, received: Received, options: RestOptions): Promise<void> {
  if (received.bytes === options.sizeBytes && received.bytes > 0) return
  const headers = received.bytes === 0 ? request.headers : { ...request.headers, range: `bytes=${received.bytes}-` }
  const exchange = startExchange(options.transport, { method: request.method, url: request.url, headers }, options.signal)
  exchange.request.end()
  let finished = false
  try {
    const response = await exchange.response
    await checkHead(response, received, options)
    options.onLife() // if what follows always breaks off, this object is the matter
    await receive(response, sink, received, options)
    if (received.bytes !== options.sizeBytes) throw connectionError('ECONNRESET', 'the answer ended too early')
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
  if (status === 200 && received.bytes > 0) {
    // The range was ignored: the whole object comes again.
    onMoved?.(-received.bytes)
    received.hash = createHash('sha256')
    received.bytes = 0
  }
  const length = Number(response.headers['content-length'] ?? Number.NaN)
  if (Number.isNaN(length) || received.bytes + length === sizeBytes) return
  throw new TransferError('the stored object has another length', { kind: 'bytes-differ' })
}

const gatheredBytes = 1024 * 1024
/** writev(2) takes at most IOV_MAX (1024) pieces. */
const gatheredPieces = 1000
/** Beyond this the socket waits for the disk. */
const longestQueueBytes = 4 * 1024 * 1024

/**
 * Writes an answer's body behind what was received before. Event-driven and in big steps: an async iterator and a write
 * per 64 kB chunk cost half as much again. Never settles while a write is under way, so that `received` is right; what came
 * before a connection broke is written, too.
 */
function receive(response: IncomingMessage, sink: ByteSink, received: Received, options: GetOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    let pieces: Buffer[] = []
    let waitingBytes = 0
    let writing = false
    let pacing = false
    let ended = false
    let failure: { readonly error: unknown } | undefined

    const isDue = (): boolean => {
      if (waitingBytes >= gatheredBytes || pieces.length >= gatheredPieces) return true
      return waitingBytes > 0 && (ended || failure !== undefined)
    }
    const advance = (): void => {
      if (writing) return
      if (isDue()) flush()
      else if (failure) reject(failure.error)
      else if (ended) resolve()
    }
    const flush = (): void => {
      writing = true
      const written = writeBatch(sink, pieces, waitingBytes, received, options)
      drop()
      written.then(goOn, failToWrite).finally(() => {
        writing = false
        advance()
      })
    }
    const drop = (): void => {
      pieces = []
      waitingBytes = 0
    }
    const goOn = (): void => {
      if (!pacing) response.resume()
    }
    const fail = (error: unknown): void => {
      failure ??= { error }
      response.destroy()
    }
    const failToWrite = (error: unknown): void => {
      drop()
      fail(error)
    }
    const pace = (sizeBytes: number): void => {
      pacing = true
      hold(response, sizeBytes, options)
        .finally(() => {
          pacing = false
        })
        .then(goOn, fail)
    }

    response.on('data', (chunk: Buffer) => {
      pieces.push(chunk)
      waitingBytes += chunk.length
      advance()
      if (waitingBytes >= longestQueueBytes) response.pause()
      if (Number.isFinite(options.transport.bandwidth.down.stepBytes())) pace(chunk.length)
    })
    response.on('end', () => {
      ended = true
      advance()
    })
    response.on('error', (error) => {
      fail(error)
      advance()
    })
    response.on('close', () => {
      if (!ended) fail(connectionError('ECONNRESET', 'the connection was closed'))
      advance()
    })
  })
}

/** Stops reading until so many bytes were allowed to come. The silence is ours, and does not count as the other side's. */
async function hold(response: IncomingMessage, sizeBytes: number, { transport, signal }: GetOptions): Promise<void> {
  const { socket } = response
  response.pause()
  socket.setTimeout(0)
  await transport.bandwidth.down.take(sizeBytes, signal)
  socket.setTimeout(transport.inactivityMs)
}

async function writeBatch(
  sink: ByteSink,
  pieces: Buffer[],
  length: number,
  received: Received,
  options: GetOptions,
): Promise<void> {
  if (received.bytes + length > options.sizeBytes) {
    throw new TransferError('the stored object has another length', { kind: 'bytes-differ' })
  }
  const written = writeAll(sink, pieces, length, received.bytes)
  for (const piece of pieces) received.hash.update(piece) // while the kernel writes
  await written
  received.bytes += length
  options.onMoved?.(length)
}

async function writeAll(sink: ByteSink, pieces: Buffer[], length: number, position: number): Promise<void> {
  const { bytesWritten } = await sink.writev(pieces, position)
  if (bytesWritten === length) return
  // Rare, as on a disk that has just become full: the next write says why.
  const rest = Buffer.concat(pieces, length).subarray(bytesWritten)
  await writeAll(sink, [rest], rest.length, position + bytesWritten)
}
