import { lstatSync, statSync } from 'node:fs'
import { type BytePath, bytesOf, joinBytePath } from '../byte-path.ts'
import { errorCode } from '../error-code.ts'
import type { FileRecord } from '../state/file-record.ts'
import type { RecordKey } from '../state/known-folders.ts'
import type { LocalState } from '../state/local-state.ts'
import type { Registration } from '../state/registrations.ts'
import { isAtOrBelow } from './judge-source.ts'
import type { Source } from './sources.ts'

/** The location that the remote has of a file for which this record stands; none where it never confirmed one. */
export function registrationsOf({ folder, name }: RecordKey, record: FileRecord): readonly Registration[] {
  const { contentHash, confirmedLocationBytes: locationBytes, fingerprint } = record
  if (contentHash === null || locationBytes === 0) return []
  return [{ folder, name, contentHash, locationBytes, device: fingerprint.device, supersededBy: undefined }]
}

/** Whether nothing, or a folder, is at a path at which there was a file. What cannot be told is not so. */
export function isVanished(path: BytePath): boolean {
  try {
    return lstatSync(bytesOf(path)).isDirectory()
  } catch (error) {
    return isNotThere(error)
  }
}

/**
 * Lets go of files that are remembered and have vanished from a folder that others are found in; what the remote has of them
 * is kept as registrations. The rest of the names are there, and were only not looked at: resolves with whether there are any.
 */
export async function releaseVanished(
  folder: BytePath,
  records: Iterable<NamedRecord>,
  state: LocalState,
): Promise<{ readonly othersAreLeft: boolean }> {
  const missed = [...records]
  const vanished = missed.filter(([name]) => isVanished(joinBytePath(folder, name)))
  await release(folder, vanished, state)
  return { othersAreLeft: vanished.length < missed.length }
}

/** So many names of a folder are let go of in one go. */
const namesAtOnce = 1000

/**
 * Lets go of what is remembered of folders that have vanished, or lost every file, below a source in which other files were
 * found. Where a disk may be missing, nothing is: a folder that is left of a mount point lies on another one.
 *
 * @param withoutFiles folders of which nothing was taken, though there are names in them
 */
export async function releaseVanishedFolders(source: Source, state: LocalState, withoutFiles: Iterable<BytePath>): Promise<void> {
  for await (const { folder, name } of state.folders.below(source.path)) {
    // The scan has let go of what vanished from among other files; where one of them is there, so is the folder.
    if (isVanished(joinBytePath(folder, name))) await releaseFolder(folder, state)
  }
  for (const folder of withoutFiles) {
    if (isAtOrBelow(folder, source.path)) await releaseFolder(folder, state)
  }
}

async function releaseFolder(folder: BytePath, state: LocalState): Promise<void> {
  let left: BytePath | undefined
  for (let from: string | undefined = ''; from !== undefined; ) {
    const records: ReadonlyMap<BytePath, FileRecord> = await state.findRecords(folder, from, afterEveryName, namesAtOnce)
    const vanished = [...records].filter(([name]) => isVanished(joinBytePath(folder, name)))
    const released = await onDisksThatAreThere(folder, vanished, state)
    await release(folder, released, state)
    const gone = new Set(released.map(([name]) => name))
    const names = [...records.keys()]
    left = names.findLast((name) => !gone.has(name)) ?? left
    const last = names.at(-1)
    from = last === undefined || records.size < namesAtOnce ? undefined : justAfter(last)
  }
  await (left === undefined ? state.folders.remove(folder) : state.folders.put({ folder, name: left }))
}

type NamedRecord = readonly [name: BytePath, record: FileRecord]

async function onDisksThatAreThere(
  folder: BytePath,
  vanished: readonly NamedRecord[],
  state: LocalState,
): Promise<readonly NamedRecord[]> {
  const devices = new Set(vanished.map(([, { fingerprint }]) => fingerprint.device))
  const isThere = new Map<number, boolean>()
  for (const device of devices) isThere.set(device, await isSameDisk(folder, device, state))
  return vanished.filter(([, { fingerprint }]) => isThere.get(fingerprint.device))
}

async function release(folder: BytePath, vanished: readonly NamedRecord[], state: LocalState): Promise<void> {
  if (vanished.length === 0) return
  const registrations = vanished.flatMap(([name, record]) => registrationsOf({ folder, name }, record))
  await state.registrations.put(registrations, { durable: false })
  await state.forget(vanished.map(([name]) => ({ folder, name })))
}

/** Above every name: the characters of a name end at U+00FF. */
export const afterEveryName = '\u0100'

/** The first string after a name; no name holds the character. */
export function justAfter(name: BytePath): string {
  return `${name}\0`
}

/**
 * Whether the disk that a file was on is there: the innermost folder that is left of its path lies on it. A disk may be
 * numbered anew; then other files of that folder have been found on it by that number.
 */
export async function isSameDisk(folder: BytePath, device: number, state: LocalState): Promise<boolean> {
  for (let path = folder; ; path = path.slice(0, path.lastIndexOf('/')) || '/') {
    const found = findDevice(path)
    if (found === undefined && path !== '/') continue
    if (found === device) return true
    const records = await state.findRecords(path, '', afterEveryName, namesAtOnce)
    // A note in a bare mount point, such as `NOT_MOUNTED.txt`, is no sign of it.
    return [...records.values()].some(({ fingerprint, contentHash }) => contentHash !== null && fingerprint.device === found)
  }
}

function findDevice(path: BytePath): number | undefined {
  try {
    return statSync(bytesOf(path)).dev
  } catch {
    return undefined
  }
}

function isNotThere(error: unknown): boolean {
  return errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR'
}
