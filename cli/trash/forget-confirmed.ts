import type { ContentHash } from '../../contract/content-hash.ts'
import type { BytePath } from '../byte-path.ts'
import type { FileRecord } from '../state/file-record.ts'
import type { LocalState } from '../state/local-state.ts'
import type { RememberedFile } from '../state/remembered-files.ts'
import { afterEveryName, justAfter, registrationsOf } from '../sync/vanished.ts'

/** So many names of a folder are looked at in one go. */
const namesAtOnce = 1000

/**
 * Has the next sync ask the remote about files with these bytes, which it would else take for stored without asking. They keep
 * their hashes, and what the remote has of them is kept as registrations, so that it hears of those that vanish.
 */
export async function forgetConfirmed(contentHashes: ReadonlySet<ContentHash>, state: LocalState): Promise<void> {
  for await (const { folder } of state.folders.below('/')) await forgetInFolder(folder, contentHashes, state)
}

async function forgetInFolder(folder: BytePath, contentHashes: ReadonlySet<ContentHash>, state: LocalState): Promise<void> {
  for (let from: string | undefined = ''; from !== undefined; ) {
    const records: ReadonlyMap<BytePath, FileRecord> = await state.findRecords(folder, from, afterEveryName, namesAtOnce)
    const meant = [...records].filter(([, { contentHash }]) => contentHash !== null && contentHashes.has(contentHash))
    await state.registrations.put(
      meant.flatMap(([name, record]) => registrationsOf({ folder, name }, record)),
      { durable: true },
    )
    const asked = meant.map(
      ([name, record]): RememberedFile => ({ folder, name, record: { ...record, confirmedLocationBytes: 0 } }),
    )
    await state.remember(asked, { durable: true })
    const last = [...records.keys()].at(-1)
    from = last === undefined || records.size < namesAtOnce ? undefined : justAfter(last)
  }
}
