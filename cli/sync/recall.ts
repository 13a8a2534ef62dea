import type { ContentHash } from '../../contract/content-hash.ts'
import { joinBytePath, shownPath } from '../byte-path.ts'
import type { Tell } from '../event-stream.ts'
import type { RunEvent } from '../run-event.ts'
import type { LocalState } from '../state/local-state.ts'
import { skipped, succeeded } from './file-event.ts'
import type { FolderMemory } from './folder-memory.ts'
import { countLeftOut, formatLeftOut, type LeftOut, type LeftOutCounts } from './left-out.ts'
import { planFile } from './plan.ts'
import type { ScannedBatch, ScannedFile } from './scan.ts'

export interface FileToHash {
  readonly file: ScannedFile
  /** Where it is remembered, the file need not be read. */
  readonly knownHash: ContentHash | undefined
}

export interface RecallOptions {
  readonly state: Pick<LocalState, 'takeNotes'>
  readonly memory: FolderMemory
  readonly tell: Tell
}

/** Passes on the files that are not remembered as backed up. Those that are cost one `lstat` each and nothing else. */
export async function* recall(scanned: AsyncIterable<ScannedBatch>, options: RecallOptions): AsyncGenerator<FileToHash> {
  const leftOut: LeftOutCounts = new Map()
  for await (const batch of scanned) {
    countLeftOut(leftOut, batch.leftOut)
    const records = await options.memory.recall(batch)
    const toHash: FileToHash[] = []
    const events = [
      ...notesOf(options.state),
      foundIn(batch),
      ...batch.outcomes.map((outcome): RunEvent => ({ kind: 'file', outcome })),
      ...batch.leftOut.map((name): RunEvent => leftOutOf(batch, name)),
    ]
    for (const file of batch.files) {
      const plan = planFile(file, records.get(file.name))
      if (plan.kind === 'hash') toHash.push({ file, knownHash: undefined })
      else if (plan.kind === 'ask') toHash.push({ file, knownHash: plan.contentHash })
      else if (plan.kind === 'skip') events.push(skipped(file, plan.reason))
      else events.push(succeeded(file, 'already_stored', plan.contentHash))
    }
    await options.tell(events)
    yield* toHash
  }
  const message = formatLeftOut(leftOut)
  if (message !== undefined) await options.tell([{ kind: 'note', message }])
}

function foundIn(batch: ScannedBatch): RunEvent {
  const sizeBytes = batch.files.reduce((sum, file) => sum + file.fingerprint.sizeBytes, 0)
  return { kind: 'found', files: batch.files.length + batch.outcomes.length, sizeBytes }
}

function leftOutOf({ folder }: ScannedBatch, { name, cause }: LeftOut): RunEvent {
  return { kind: 'left_out', path: joinBytePath(folder.shown, shownPath(name)), cause }
}

function notesOf(state: RecallOptions['state']): readonly RunEvent[] {
  return state.takeNotes().map((message) => ({ kind: 'note', message }))
}
