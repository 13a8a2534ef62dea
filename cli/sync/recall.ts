import type { ContentHash } from '../../contract/content-hash.ts'
import { type BytePath, joinBytePath, shownPath } from '../byte-path.ts'
import type { Tell } from '../event-stream.ts'
import type { RunEvent } from '../run-event.ts'
import type { FileRecord } from '../state/file-record.ts'
import type { LocalState } from '../state/local-state.ts'
import { remembered, skipped } from './file-event.ts'
import type { FolderMemory, Recalled } from './folder-memory.ts'
import { countLeftOut, type LeftOut, type LeftOutCounts, notesOfLeftOut } from './left-out.ts'
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
  for await (const { batch, recalled } of withMemory(scanned, options.memory)) {
    countLeftOut(leftOut, batch.leftOut)
    const toHash: FileToHash[] = []
    const events = [
      ...notesOf(options.state),
      foundIn(batch),
      ...batch.outcomes.map((outcome): RunEvent => ({ kind: 'file', outcome })),
      ...batch.leftOut.map((name): RunEvent => leftOutOf(batch, name)),
    ]
    if (recalled.kind === 'unchanged') events.push(unchanged(batch))
    else planFiles(batch, recalled.records, { toHash, events, memory: options.memory })
    await options.tell(events)
    yield* toHash
  }
  await options.tell([...notesOf(options.state), ...notesOfLeftOut(leftOut)])
}

interface RecalledBatch {
  readonly batch: ScannedBatch
  readonly recalled: Recalled
}

/** What is remembered of one batch is read, by another thread, while the next one is looked at. */
async function* withMemory(scanned: AsyncIterable<ScannedBatch>, memory: FolderMemory): AsyncGenerator<RecalledBatch> {
  let reading: Promise<RecalledBatch> | undefined
  for await (const batch of scanned) {
    if (reading !== undefined) yield await reading
    reading = memory.recall(batch).then((recalled) => ({ batch, recalled }))
    reading.catch(() => {}) // told when it is waited for
  }
  if (reading !== undefined) yield await reading
}

interface Plans extends Pick<RecallOptions, 'memory'> {
  readonly toHash: FileToHash[]
  readonly events: RunEvent[]
}

function planFiles(batch: ScannedBatch, records: ReadonlyMap<BytePath, FileRecord>, { toHash, events, memory }: Plans): void {
  for (const file of batch.files) {
    const plan = planFile(file, records.get(file.name))
    if (plan.kind === 'hash') toHash.push({ file, knownHash: undefined })
    else if (plan.kind === 'ask') toHash.push({ file, knownHash: plan.contentHash })
    else if (plan.kind === 'already-stored') events.push(remembered(file, plan.contentHash))
    else {
      events.push(skipped(file, plan.reason))
      memory.isOutdated(batch.folder)
    }
  }
  memory.expect(
    batch.folder,
    toHash.map(({ file }) => file),
  )
}

function unchanged({ files }: ScannedBatch): RunEvent {
  return { kind: 'unchanged', files: files.length, sizeBytes: sizeOf(files) }
}

function foundIn(batch: ScannedBatch): RunEvent {
  return { kind: 'found', files: batch.files.length + batch.outcomes.length, sizeBytes: sizeOf(batch.files) }
}

function sizeOf(files: readonly ScannedFile[]): number {
  return files.reduce((sum, { fingerprint }) => sum + fingerprint.sizeBytes, 0)
}

function leftOutOf({ folder }: ScannedBatch, { name, cause }: LeftOut): RunEvent {
  return { kind: 'left_out', path: joinBytePath(folder.shown, shownPath(name)), cause }
}

function notesOf(state: RecallOptions['state']): readonly RunEvent[] {
  return state.takeNotes().map((message) => ({ kind: 'note', message }))
}
