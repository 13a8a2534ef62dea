import { existsSync } from 'node:fs'
import type { ContentHash } from '../../contract/content-hash.ts'
import { type GoneLocation, maximumBatchSize } from '../../contract/photos.ts'
import { type BytePath, bytesOf, joinBytePath } from '../byte-path.ts'
import type { Remote } from '../remote/remote.ts'
import type { LocalState } from '../state/local-state.ts'
import type { Registration } from '../state/registrations.ts'
import { isAtOrBelow } from './judge-source.ts'
import { placeOf } from './location-of.ts'
import type { Source } from './sources.ts'
import { isSameDisk, isVanished, releaseVanishedFolders } from './vanished.ts'

export interface TellGoneOptions {
  readonly remote: Remote
  readonly state: LocalState
  /** This machine's name, as it goes with every location. */
  readonly device: string
  /** Whether the run has come by all of the sources; else only what it came by is told. */
  readonly isWhole: boolean
  /** Folders that the run came by, and of which it took nothing, though there are names in them. */
  readonly withoutFiles: Iterable<BytePath>
  readonly signal?: AbortSignal | undefined
}

/**
 * Tells the remote which locations of before are no more: of files that were moved, deleted or edited. The last stage of a
 * run, so that what has moved is known at its new place first; killed at any point, the next run tells the rest.
 *
 * @param sources those in which files were found: one without any may be a disk that is not mounted
 */
export async function tellGone(sources: readonly Source[], options: TellGoneOptions): Promise<void> {
  const { state, isWhole, withoutFiles } = options
  for (const source of [...sources, ...(isWhole && sources.length > 0 ? await findMovedSources(sources, state) : [])]) {
    if (isWhole && source.kind === 'folder') await releaseVanishedFolders(source, state, withoutFiles)
    for await (const page of registrationsIn(source, state)) await settle(page, options)
  }
}

/** Folders that were backed up and are not there any more, though their disk may be: moved as a whole, for instance into one of these sources. */
async function findMovedSources(sources: readonly Source[], state: LocalState): Promise<readonly Source[]> {
  const paths = await state.sources.paths()
  const others = paths.filter((path) => !sources.some((source) => isAtOrBelow(path, source.path)))
  return others.filter((path) => !existsSync(bytesOf(path))).map((path) => ({ kind: 'folder', path, location: path }))
}

async function* registrationsIn({ kind, path }: Source, { registrations }: LocalState): AsyncGenerator<readonly Registration[]> {
  if (kind === 'folder') return yield* registrations.below(path)
  const nameStart = path.lastIndexOf('/') + 1
  const name = path.slice(nameStart)
  yield await registrations.find(path.slice(0, nameStart), name, name)
}

async function settle(page: readonly Registration[], options: TellGoneOptions): Promise<void> {
  const { state } = options
  const gone: Registration[] = []
  const current: Registration[] = []
  for (const registration of page) {
    if (await isGone(registration, state)) gone.push(registration)
    else if (await isRecorded(registration, state)) current.push(registration)
  }
  await state.registrations.remove(current)
  for (let start = 0; start < gone.length; start += maximumBatchSize) {
    const batch = gone.slice(start, start + maximumBatchSize)
    await tell(batch, options)
    await state.registrations.remove(batch)
  }
}

async function isGone({ folder, name, device, supersededBy }: Registration, state: LocalState): Promise<boolean> {
  if (supersededBy !== undefined) return true
  return isVanished(joinBytePath(folder, name)) && (await isSameDisk(folder, device, state))
}

/** Whether a record stands for it by now: a run was killed between the two. */
async function isRecorded({ folder, name, contentHash, locationBytes }: Registration, state: LocalState): Promise<boolean> {
  const record = (await state.findRecords(folder, name, name)).get(name)
  return record?.contentHash === contentHash && record.confirmedLocationBytes === locationBytes
}

async function tell(batch: readonly Registration[], { remote, device, signal }: TellGoneOptions): Promise<void> {
  const byPhoto = new Map<ContentHash, GoneLocation[]>()
  for (const registration of batch) {
    const gone = byPhoto.get(registration.contentHash) ?? []
    byPhoto.set(registration.contentHash, gone)
    gone.push(goneLocationOf(registration, device))
  }
  const photos = [...byPhoto].map(([contentHash, gone]) => ({ contentHash, locations: [], gone }))
  await remote.confirm(photos, { signal })
}

function goneLocationOf({ folder, name, locationBytes, supersededBy }: Registration, device: string): GoneLocation {
  return {
    ...placeOf(joinBytePath(folder, name), locationBytes, device),
    ...(supersededBy !== undefined && { replacedBy: supersededBy }),
  }
}
