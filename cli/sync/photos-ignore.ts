import { lstatSync, readFileSync } from 'node:fs'
import { type BytePath, bytesOf, joinBytePath, shownPath } from '../byte-path.ts'
import type { FileOutcome } from '../run-event.ts'
import { requireFileErrorReason } from './file-error.ts'
import { photosIgnoreName } from './left-out.ts'

/** More than anybody writes by hand. */
const largestBytes = 1 << 20

export type PhotosIgnore =
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  /** Nothing is left out by it then: what is backed up in vain does no harm. */
  | { readonly kind: 'unreadable'; readonly outcome: FileOutcome }

/** The lines of a folder's `.photosignore`. Never follows a link nor waits for a pipe. */
export function readPhotosIgnore(folder: BytePath): PhotosIgnore {
  const path = joinBytePath(folder, photosIgnoreName)
  try {
    const stats = lstatSync(bytesOf(path))
    if (!stats.isFile()) return unreadable(path, 'it is no file')
    if (stats.size > largestBytes) return unreadable(path, `it is larger than ${largestBytes} bytes`)
    const lines = splitLines(readFileSync(bytesOf(path), 'utf8'))
    if (countPatterns(lines) > mostPatterns) return unreadable(path, `it has more than ${mostPatterns} patterns`)
    return { kind: 'lines', lines }
  } catch (error) {
    return unreadable(path, requireFileErrorReason(error))
  }
}

/**
 * Of one file: every path is held against all of them. Of a file with more none counts, as the last that matches has the last word,
 * and the first thousand might leave out what a later one takes.
 */
export const mostPatterns = 1000

/** Lines that are neither empty nor comments. */
export function countPatterns(lines: readonly string[]): number {
  return lines.filter((line) => line.trim() !== '' && !line.startsWith('#')).length
}

/** Lines without their ends, whichever system they were written on. */
export function splitLines(text: string): readonly string[] {
  return text.replace(/^\uFEFF/, '').split(/\r?\n/)
}

function unreadable(path: BytePath, why: string): PhotosIgnore {
  const reason = `cannot be read, so nothing is left out by it: ${why}`
  return { kind: 'unreadable', outcome: { action: 'failed', path: shownPath(path), sizeBytes: 0, reason } }
}
