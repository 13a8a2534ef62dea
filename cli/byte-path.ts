import { isUtf8 } from 'node:buffer'

/**
 * A path or a name exactly as the file system has it, one character (U+0000 to U+00FF) a byte. Node.js would replace what is
 * not UTF-8, and the file could not be opened again. Sorting such strings sorts the bytes.
 */
export type BytePath = string

/** A path as the user typed it. */
export function bytePathOf(text: string): BytePath {
  return Buffer.from(text).toString('latin1')
}

/** What to give to `node:fs`. */
export function bytesOf(path: BytePath): Buffer {
  return Buffer.from(path, 'latin1')
}

export function joinBytePath(folder: BytePath, name: BytePath): BytePath {
  return folder === '' || folder.endsWith('/') ? folder + name : `${folder}/${name}`
}

/** As a person reads it: bytes that are not UTF-8 become U+FFFD. */
export function shownPath(path: BytePath): string {
  return isAscii(path) ? path : bytesOf(path).toString('utf8')
}

/** Whether {@link shownPath} loses nothing. */
export function isWellFormed(path: BytePath): boolean {
  return isAscii(path) || isUtf8(bytesOf(path))
}

function isAscii(path: BytePath): boolean {
  return !/[\u0080-\u00ff]/.test(path)
}
