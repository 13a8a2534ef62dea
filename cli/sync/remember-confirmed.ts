import { isRacy } from '../state/file-record.ts'
import type { LocalState } from '../state/local-state.ts'
import type { ConfirmedFile } from './confirm.ts'
import { locationPathOf } from './scan.ts'

/** Writes down, durably, what need not be looked at again as long as it does not change. */
export async function rememberConfirmed(files: readonly ConfirmedFile[], state: LocalState): Promise<void> {
  const trusted = files.filter(({ hashed: { file } }) => !isRacy(file.fingerprint, file.seenAtMs))
  const remembered = trusted.map(({ hashed: { file, contentHash } }) => ({
    folder: file.folder.path,
    name: file.name,
    record: { fingerprint: file.fingerprint, contentHash, confirmedLocationBytes: locationPathOf(file).length },
  }))
  await state.remember(remembered, { durable: true })
}
