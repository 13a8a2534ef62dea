import { statSync } from 'node:fs'
import { dirname } from 'node:path/posix'
import { type BytePath, bytesOf } from '../byte-path.ts'

/** The folder at which the file system begins that a path without links lies on. Throws what the system does. */
export function mountPointOf(realPath: BytePath): BytePath {
  let path = realPath
  while (path !== '/' && !isMountPoint(path)) path = dirname(path)
  return path
}

/** Whether something is mounted at a folder: it lies on another device than the folder around it. */
export function isMountPoint(path: BytePath): boolean {
  return path === '/' || deviceOf(path) !== deviceOf(dirname(path))
}

function deviceOf(path: BytePath): number {
  return statSync(bytesOf(path)).dev
}
