import { readdirSync, statSync } from 'node:fs'
import { maximumBatchSize } from '../../contract/photos.ts'
import { type BytePath, bytesOf, joinBytePath } from '../byte-path.ts'
import { UserError } from '../errors.ts'
import type { Tell } from '../event-stream.ts'
import type { Remote } from '../remote/remote.ts'
import type { LocalState } from '../state/local-state.ts'
import type { BegunUpload } from '../state/upload-journal.ts'
import type { Source } from './sources.ts'

export interface AbandonOptions {
  readonly remote: Remote
  readonly state: LocalState
  readonly tell: Tell
  /** Of the whole run. */
  readonly controller: AbortController
}

/**
 * At the end of a run that has looked everywhere in its sources: gives up the uploads in parts whose file is gone from them or
 * is another one by now, so that nothing of them lies around. It is only tidying up: what fails here is a note, the next run tries
 * again, and in the end they expire.
 *
 * @param sources without those that may be on a disk that is not mounted
 */
export async function abandonUploads(sources: readonly Source[], options: AbandonOptions): Promise<void> {
  const { remote, state, tell, controller } = options
  const inSources = state.uploads.begun().filter(({ path }) => sources.some((source) => covers(source, path)))
  const left = inSources.filter(isGone)
  try {
    for (let index = 0; index < left.length; index += maximumBatchSize) {
      const batch = left.slice(index, index + maximumBatchSize)
      const unfinished = batch.map(({ contentHash, uploadId }) => ({ contentHash, uploadId }))
      const answers = await remote.abandonUploads(unfinished, { signal: controller.signal })
      await state.uploads.end(answers.filter(({ kind }) => kind === 'gone').map(({ contentHash }) => contentHash))
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    await tell([{ kind: 'note', message: `large uploads that were broken off could not be tidied up yet: ${error.message}` }])
  }
}

function covers(source: Source, path: BytePath): boolean {
  return source.kind === 'file' ? source.path === path : path.startsWith(joinBytePath(source.path, ''))
}

/** Another file lies there by now, or none among others: an empty folder may be one whose disk is not mounted. */
function isGone({ path, sizeBytes, mtimeMs }: BegunUpload): boolean {
  try {
    const stats = statSync(bytesOf(path), { throwIfNoEntry: false })
    if (stats === undefined) return readdirSync(bytesOf(path.slice(0, path.lastIndexOf('/') + 1))).length > 0
    // Through a link, as runs that follow links came to it. Not the device: that of a disk that is plugged in again may be another one.
    return stats.size !== sizeBytes || stats.mtimeMs !== mtimeMs
  } catch {
    return false
  }
}
