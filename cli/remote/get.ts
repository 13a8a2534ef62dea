import { createHash, type Hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type ContentHash, contentHashOf } from '../../contract/content-hash.ts'
import type { SignedRequest } from '../../contract/transfers.ts'
import { TransferError } from '../errors.ts'
import { RetryableError, retry } from './retry.ts'
import { errorOfRefusal, readS3Refusal } from './s3-refusal.ts'
import { asTransferError, type TransferOptions } from './transfer.ts'
import { connectionError, startExchange } from './transport.ts'

/** The part of a `FileHandle` that receiving needs. */
export interface ByteSink {
  write(buffer: Buffer, offset: number, length: number, position: number): Promise<{ readonly bytesWritten: number }>
}

export interface GetOptions extends TransferOptions {
  /** The length that the object must have. */
  readonly sizeBytes: number
  /** Asked for a fresh request when the storage says that this one has expired; what is received already is kept. */
  readonly signAgain?: (() => Promise<SignedRequest>) | undefined
}

/** A request that expires this often was never valid, as when a clock is wrong. */
const mostRenewals = 3

/** What of an object is in the file so far. */
interface Received {
  hash: Hash
  bytes: number
}

/**
 * Downloads an object to the start of an open, empty file and hashes it on the way. A connection that breaks is taken up
 * again behind the last byte that was written. Resolves with the content hash of what is in the file now. Throws a
 * `TransferError`: `expired`, `missing`, or `bytes-differ` for an object of another length; errors of the file as they are.
 */
export async function getToFile(request: SignedRequest, sink: ByteSink, options: GetOptions): Promise<ContentHash> {
  const received: Received = { hash: createHash('sha256'), bytes: 0 }
  let bytesBefore = 0
  const hasAdvanced = (): boolean => {
    const advanced = received.bytes > bytesBefore
    bytesBefore = received.bytes
    return advanced
  }
  const { signal, transport, onMoved } = options
  const attempt = renewing(request, options, (current) => getRest(current, sink, received, options))
  try {
    await retry(attempt, { clock: transport.clock, signal, hasAdvanced })
    return contentHashOf(received.hash.digest())
  } catch (error) {
    onMoved?.(-received.bytes)
    throw asTransferError(error)
  }
}

/** An attempt that, when its request has expired, gets a new one for the next attempt. */
function renewing(
  request: SignedRequest,
  { signAgain }: GetOptions,
  attempt: (request: SignedRequest) => Promise<void>,
): () => Promise<void> {
  let current = request
  let renewals = 0
  return async () => {
    try {
      await attempt(current)
    } catch (error) {
      const isExpired = error instanceof TransferError && error.kind === 'expired'
      if (!isExpired || !signAgain || renewals === mostRenewals) throw error
      renewals += 1
      current = await signAgain()
      throw new RetryableError(error.message, { cause: error })
    }
  }
}

async function getRest(request: SignedRequest, sink: ByteSink, received: Received, options: GetOptions): Promise<void> {
  if (received.bytes === options.sizeBytes && received.bytes > 0) return
  const headers = received.bytes === 0 ? request.headers : { ...request.headers, range: `bytes=${received.bytes}-` }
  const exchange = startExchange(options.transport, { method: request.method, url: request.url, headers }, options.signal)
  exchange.request.end()
  let finished = false
  try {
    const response = await exchange.response
    await checkHead(response, received, options)
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

/**
 * Writes an answer's body behind what was received before, through one of the run's shared buffers: pieces of 64 kB that
 * wait to be written grow old, and cost a garbage collection every few megabytes. Never settles while a write is under
 * way, so that `received` is right.
 */
async function receive(response: IncomingMessage, sink: ByteSink, received: Received, options: GetOptions): Promise<void> {
  const { transport, signal } = options
  const slot = await transport.slots.take(signal)
  try {
    await new Promise<void>((resolve, reject) => {
      const body = new SlotWriter(slot, sink, received, options)
      const advance = (written: Promise<void> | undefined): void => {
        if (written === undefined) return
        response.pause()
        written.then(() => response.resume(), reject)
      }
      response.on('data', (chunk: Buffer) => advance(body.add(chunk)))
      response.on('end', () => void body.finish().then(resolve, reject))
      // What came before the connection broke is kept: the next attempt goes on behind it.
      const breakOff = (error: unknown): void => void body.finish().then(() => reject(error), reject)
      response.on('error', breakOff)
      response.on('close', () => {
        if (!response.complete) breakOff(connectionError('ECONNRESET', 'the connection was closed'))
      })
    })
  } finally {
    transport.slots.giveBack(slot)
  }
}

/** Fills a buffer piece by piece; hashes and writes it whenever it is full. */
class SlotWriter {
  readonly #slot: Buffer
  readonly #sink: ByteSink
  readonly #received: Received
  readonly #options: GetOptions
  #filled = 0
  #writing: Promise<void> = Promise.resolve()

  constructor(slot: Buffer, sink: ByteSink, received: Received, options: GetOptions) {
    this.#slot = slot
    this.#sink = sink
    this.#received = received
    this.#options = options
  }

  /** Undefined when there is room for more at once; else add nothing before it resolves. */
  add(chunk: Buffer): Promise<void> | undefined {
    const copied = chunk.copy(this.#slot, this.#filled)
    this.#filled += copied
    if (copied === chunk.length) return undefined
    this.#writing = this.#flush().then(() => this.add(chunk.subarray(copied)))
    return this.#writing
  }

  /** Writes what is left, when no write is under way any more. May be called twice. */
  finish(): Promise<void> {
    this.#writing = this.#writing.then(() => (this.#filled > 0 ? this.#flush() : undefined))
    return this.#writing
  }

  async #flush(): Promise<void> {
    const length = this.#filled
    if (this.#received.bytes + length > this.#options.sizeBytes) {
      throw new TransferError('the stored object has another length', { kind: 'bytes-differ' })
    }
    const written = writeAll(this.#sink, this.#slot, length, this.#received.bytes)
    this.#received.hash.update(this.#slot.subarray(0, length)) // while the kernel writes
    await written
    this.#filled = 0
    this.#received.bytes += length
    this.#options.onMoved?.(length)
  }
}

async function writeAll(sink: ByteSink, bytes: Buffer, length: number, position: number): Promise<void> {
  for (let done = 0; done < length; ) {
    // Short writes are rare, as on a disk that has just become full: the next one says why.
    const { bytesWritten } = await sink.write(bytes, done, length - done, position + done)
    done += bytesWritten
  }
}
