import type { Input } from '../context.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { readUntilAborted } from '../read-until-aborted.ts'

const longestBytes = 8192

/** A password from a file, a pipe or a script: the first line, in UTF-8, without its end. Throws a `UserError` where there is none. */
export async function readPasswordLine(stdin: Input, signal: AbortSignal): Promise<string> {
  const bytes = await firstBytes(stdin, signal)
  const end = bytes.indexOf('\n')
  const line = end < 0 ? bytes : bytes.subarray(0, end)
  if (line.length > longestBytes) throw unreadable('has a line that is longer than any password')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(line).replace(/\r$/, '')
  } catch (cause) {
    throw unreadable('is not in UTF-8', cause)
  }
}

/** Until a line has ended, or is too long. */
async function firstBytes(stdin: Input, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  try {
    for await (const bytes of readUntilAborted(stdin, signal)) {
      chunks.push(bytes)
      sizeBytes += bytes.length
      if (bytes.includes('\n') || sizeBytes > longestBytes) break
    }
  } catch (error) {
    signal.throwIfAborted()
    throw unreadable('cannot be read', error)
  }
  if (sizeBytes === 0) throw unreadable('is empty')
  return Buffer.concat(chunks)
}

function unreadable(what: string, cause?: unknown): UserError {
  const hint = 'type it on a terminal, or give it as one line: photos users add EMAIL <FILE'
  return new UserError(`a password is read from standard input, which ${what}`, { exitCode: exitCodes.usage, hint, cause })
}
