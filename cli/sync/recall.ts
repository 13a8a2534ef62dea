import type { ContentHash } from '../../contract/content-hash.ts'
import type { Tell } from '../event-stream.ts'
import type { RunEvent } from '../run-event.ts'
import type { FileRecord } from '../state/file-record.ts'
import type { LocalState } from '../state/local-state.ts'
import { skipped, succeeded } from './file-event.ts'
import { planFile } from './plan.ts'
import type { ScannedBatch, ScannedFile } from './scan.ts'

export interface FileToHash {
  readonly file: ScannedFile
  /** Where it is remembered, the file need not be read. */
  readonly knownHash: ContentHash | undefined
}

export interface RecallOptions {
  readonly state: LocalState
  readonly tell: Tell
}

const whatIsLeftOut = '(hidden and system names, *.part, libraries of photos)'

/** Passes on the files that are not remembered as backed up. Those that are cost one `lstat` each and nothing else. */
export async function* recall(scanned: AsyncIterable<ScannedBatch>, options: RecallOptions): AsyncGenerator<FileToHash> {
  let leftOut = 0
  for await (const batch of scanned) {
    leftOut += batch.leftOut
    const records = await findRecords(batch, options.state)
    const toHash: FileToHash[] = []
    const events = [
      ...notesOf(options.state),
      foundIn(batch),
      ...batch.outcomes.map((outcome): RunEvent => ({ kind: 'file', outcome })),
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
  if (leftOut > 0) await options.tell([{ kind: 'note', message: `left out without a look: ${leftOut} ${whatIsLeftOut}` }])
}

async function findRecords(batch: ScannedBatch, state: LocalState): Promise<ReadonlyMap<string, FileRecord>> {
  const first = batch.files.at(0)
  const last = batch.files.at(-1)
  return first && last ? await state.findRecords(batch.folder.path, first.name, last.name) : new Map()
}

function foundIn(batch: ScannedBatch): RunEvent {
  const sizeBytes = batch.files.reduce((sum, file) => sum + file.fingerprint.sizeBytes, 0)
  return { kind: 'found', files: batch.files.length + batch.outcomes.length, sizeBytes }
}

function notesOf(state: LocalState): readonly RunEvent[] {
  return state.takeNotes().map((message) => ({ kind: 'note', message }))
}
