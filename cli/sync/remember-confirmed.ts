import type { BytePath } from '../byte-path.ts'
import { isRacy } from '../state/file-record.ts'
import type { LocalState } from '../state/local-state.ts'
import type { Registration } from '../state/registrations.ts'
import type { ConfirmedFile } from './confirm.ts'
import type { HashedFile } from './hash.ts'
import { locationPathOf } from './scan.ts'

/** Writes down, durably, which locations are about to be registered: from now on the remote may have them. */
export async function rememberRegistering(files: readonly HashedFile[], state: LocalState): Promise<void> {
  await state.registrations.put(files.map(registrationOf), { durable: true })
}

/**
 * Writes down, durably, what need not be looked at again as long as it does not change, and which locations of before have
 * other bytes now. In this order, so that at any moment a record or a registration stands for whatever the remote may have.
 */
export async function rememberConfirmed(files: readonly ConfirmedFile[], state: LocalState): Promise<void> {
  const confirmed = files.map(({ hashed }) => hashed)
  const settled = await settle(confirmed, state)
  await state.registrations.put(settled.superseded, { durable: false })
  const trusted = confirmed.filter(isTrusted)
  const remembered = trusted.map(({ file, contentHash }) => ({
    folder: file.folder.path,
    name: file.name,
    record: { fingerprint: file.fingerprint, contentHash, confirmedLocationBytes: locationPathOf(file).length },
  }))
  await state.remember(remembered, { durable: true })
  await state.registrations.remove(settled.recorded)
}

function isTrusted({ file }: HashedFile): boolean {
  return !isRacy(file.fingerprint, file.seenAtMs)
}

interface Settled {
  /** Other bytes are stored from there now. */
  readonly superseded: readonly Registration[]
  /** Records stand for them. */
  readonly recorded: readonly Registration[]
}

async function settle(confirmed: readonly HashedFile[], state: LocalState): Promise<Settled> {
  const superseded: Registration[] = []
  const recorded: Registration[] = []
  for (const [folder, files] of byFolder(confirmed)) {
    const names = [...files.keys()].toSorted()
    for (const registration of await state.registrations.find(folder, names.at(0) ?? '', names.at(-1) ?? '')) {
      const hashed = files.get(registration.name)
      if (hashed === undefined) continue
      const { contentHash } = hashed
      if (registration.contentHash !== contentHash) superseded.push({ ...registration, supersededBy: contentHash })
      else if (isTrusted(hashed) && isOf(registration, hashed)) recorded.push(registration)
    }
  }
  return { superseded, recorded }
}

function byFolder(confirmed: readonly HashedFile[]): ReadonlyMap<BytePath, ReadonlyMap<BytePath, HashedFile>> {
  const folders = new Map<BytePath, Map<BytePath, HashedFile>>()
  for (const hashed of confirmed) {
    const { folder, name } = hashed.file
    const files = folders.get(folder.path) ?? new Map<BytePath, HashedFile>()
    folders.set(folder.path, files.set(name, hashed))
  }
  return folders
}

function registrationOf({ file, contentHash }: HashedFile): Registration {
  const { folder, name, fingerprint } = file
  const locationBytes = locationPathOf(file).length
  return { folder: folder.path, name, contentHash, locationBytes, device: fingerprint.device, supersededBy: undefined }
}

function isOf({ locationBytes }: Registration, { file }: HashedFile): boolean {
  return locationBytes === locationPathOf(file).length
}
