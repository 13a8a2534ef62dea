import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { bytesOf } from '../byte-path.ts'
import { fingerprintOf, isSameFile } from '../state/file-record.ts'
import { FileChangedError } from './file-error.ts'
import { pathOf, type ScannedFile } from './scan.ts'

// A name that has become a link or a pipe since the scan must neither be followed nor wait for a writer.
const linkedFlags = constants.O_RDONLY | constants.O_NONBLOCK
const flags = linkedFlags | constants.O_NOFOLLOW

/** Opens the very file that was scanned. Throws a `FileChangedError` when it is another one by now. */
export async function openOriginal(file: ScannedFile, whatFor: 'read' | 'uploaded'): Promise<FileHandle> {
  const handle = await open(bytesOf(pathOf(file)), file.isLinked ? linkedFlags : flags)
  try {
    await requireUnchanged(handle, file, whatFor)
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Throws a `FileChangedError` when the open file is not as it was scanned. */
export async function requireUnchanged(handle: FileHandle, file: ScannedFile, whatFor: 'read' | 'uploaded'): Promise<void> {
  const stats = await handle.stat()
  if (stats.isFile() && isSameFile(fingerprintOf(stats), file.fingerprint)) return
  throw new FileChangedError(`changed while it was ${whatFor}; run again`)
}
