import type { IncomingMessage } from 'node:http'
import type { Received } from './received.ts'
import type { TransferOptions } from './transfer.ts'
import { connectionError } from './transport.ts'

const gatheredBytes = 1024 * 1024
/** writev(2) takes at most IOV_MAX (1024) pieces. */
const gatheredPieces = 1000
/** Beyond this the socket waits for the disk. */
const longestQueueBytes = 4 * 1024 * 1024

/**
 * Appends an answer's body to what was received before. Event-driven and in big steps: an async iterator and a write
 * per 64 kB chunk cost half as much again. Never settles while a write is under way, so that `received` is right; what came
 * before a connection broke is written, too.
 */
export function receiveBody(response: IncomingMessage, received: Received, options: TransferOptions): Promise<void> {
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
      const [batch, batchBytes] = [pieces, waitingBytes]
      writing = true
      drop()
      received
        .append(batch, batchBytes)
        .then(() => options.onMoved?.(batchBytes))
        .then(goOn, failToWrite)
        .finally(() => {
          writing = false
          advance()
        })
    }
    const drop = (): void => {
      pieces = []
      waitingBytes = 0
    }
    /** Whichever of the disk and the limit is the slower one is waited for. */
    const goOn = (): void => {
      if (!pacing && waitingBytes < longestQueueBytes) response.resume()
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
async function hold(response: IncomingMessage, sizeBytes: number, { transport, signal }: TransferOptions): Promise<void> {
  const { socket } = response
  response.pause()
  socket.setTimeout(0)
  await transport.bandwidth.down.take(sizeBytes, signal)
  socket.setTimeout(transport.inactivityMs)
}
