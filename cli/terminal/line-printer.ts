import type { Writable } from 'node:stream'

/** Writes lines until nobody reads them any more. */
export function createLinePrinter(stdout: Writable): (line: string) => void {
  let left = false
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
    left = true
  })
  return (line) => {
    if (!left && !stdout.destroyed) stdout.write(`${line}\n`)
  }
}
