import type { FileHandle } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'

/** A piece of an open file, to be sent and then closed. */
export interface FileBody {
  readonly handle: FileHandle
  readonly startBytes: number
  readonly lengthBytes: number
}

const bufferBytes = 512 * 1024

/** Sends it through two buffers, one read while the other is on its way; a client that reads slowly is waited for. */
export async function sendFileBody(response: ServerResponse, body: FileBody): Promise<void> {
  try {
    const size = Math.min(bufferBytes, body.lengthBytes)
    const buffers = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)]
    let sentBytes = 0
    let sending: Promise<void> = Promise.resolve()
    while (sentBytes < body.lengthBytes) {
      const [buffer = Buffer.alloc(size)] = buffers
      buffers.reverse()
      const wanted = Math.min(size, body.lengthBytes - sentBytes)
      const { bytesRead } = await body.handle.read(buffer, 0, wanted, body.startBytes + sentBytes)
      if (bytesRead === 0) throw new Error('an object is shorter on the disk than its record says')
      sentBytes += bytesRead
      await sending
      sending = write(response, buffer.subarray(0, bytesRead))
      sending.catch(() => undefined) // awaited in the next round or below
    }
    await sending
    response.end()
  } finally {
    await body.handle.close()
  }
}

/** Returns once the bytes have left, so that their buffer may be filled again. Rejects when the client has gone. */
function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = () => reject(new Error('the client has gone'))
    if (response.destroyed) return onClose()
    response.once('close', onClose)
    response.write(bytes, (error) => {
      response.off('close', onClose)
      if (error) reject(error)
      else resolve()
    })
  })
}
