import type { Writable } from 'node:stream'

/** A stream that people or scripts read. */
export interface Output {
  /** Writes a line. Resolves with false when nobody reads any more (`| head`); then there is no use in going on. */
  line(text: string): Promise<boolean>
}

/** Lines on a stream, with back-pressure. A reader that leaves (EPIPE) is not an error. */
export function createOutput(stream: Writable): Output {
  let closed: boolean = stream.destroyed
  const left = new Promise<void>((resolve) => {
    stream.once('close', () => resolve())
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
      closed = true
      resolve()
    })
  })
  return {
    async line(text) {
      if (closed) return false
      if (!stream.write(`${text}\n`))
        await Promise.race([left, new Promise<void>((resolve) => stream.once('drain', () => resolve()))])
      return !closed
    },
  }
}
