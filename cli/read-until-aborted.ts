import type { Readable } from 'node:stream'

/**
 * The pieces of a stream, for as long as the signal lets it: aborted, it destroys the stream, also while nothing comes, and throws
 * its reason. Who reads standard input would otherwise wait, and keep the process alive, for as long as somebody may write to it.
 */
export async function* readUntilAborted(stream: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  const stop = (): void => void stream.destroy(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    signal.throwIfAborted()
    for await (const piece of stream) yield Buffer.from(piece)
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
