import { lstatSync, type Stats } from 'node:fs'
import { type BytePath, bytesOf, joinBytePath, shownPath } from '../byte-path.ts'
import type { FileOutcome } from '../run-event.ts'
import { fingerprintOf } from '../state/file-record.ts'
import { isAbsence, requireFileErrorReason } from './file-error.ts'
import type { FolderChoice } from './folder-choice.ts'
import { chainOf, followLink, isInChain } from './follow-link.ts'
import type { LeftOut, LeftOutCause } from './left-out.ts'
import type { FolderToScan, ScannedBatch, ScannedFile, Walk } from './scan.ts'

export interface NamesToLookAt {
  /** In the order of their bytes. */
  readonly names: readonly BytePath[]
  readonly choice: FolderChoice | undefined
}

/** Looks at these names of a folder. Folders among them are added to `subfolders`. */
export function lookAtNames(
  folder: FolderToScan,
  { names, choice }: NamesToLookAt,
  subfolders: FolderToScan[],
  walk: Walk,
): ScannedBatch {
  const seenAtMs = walk.now()
  const files: ScannedFile[] = []
  const outcomes: FileOutcome[] = []
  const leftOut: LeftOut[] = []
  const leave = (name: BytePath, cause: LeftOutCause): void => void leftOut.push({ name, cause })
  for (const name of names) {
    const found = lookAt(folder, name, walk)
    switch (found.kind) {
      case 'file':
        if (choice && !choice.takesFile(name, found.stats)) leave(name, 'filters')
        else files.push(scannedFile(folder, name, found, seenAtMs))
        break
      case 'folder':
        if (choice && !choice.takesFolder(name)) leftOut.push({ name, cause: 'filters', isFolder: true })
        else subfolders.push(found.folder)
        break
      case 'library':
        leave(name, 'libraries')
        break
      case 'system':
        leave(name, 'system')
        break
      case 'other':
        outcomes.push(found.outcome)
    }
  }
  return { folder, files, outcomes, leftOut }
}

function scannedFile(folder: FolderToScan, name: BytePath, { stats, isLinked }: FoundFile, seenAtMs: number): ScannedFile {
  return { folder, name, fingerprint: fingerprintOf(stats), seenAtMs, ...(isLinked && { isLinked }) }
}

interface FoundFile {
  readonly kind: 'file'
  readonly stats: Stats
  readonly isLinked?: true
}

export type Found =
  | FoundFile
  | { readonly kind: 'folder'; readonly folder: FolderToScan }
  | { readonly kind: 'library' }
  /** A folder that the kernel makes up. */
  | { readonly kind: 'system' }
  | { readonly kind: 'other'; readonly outcome: FileOutcome }

/** What stands under a name, which may be a link. */
export function lookAt(folder: FolderToScan, name: BytePath, walk: Walk): Found {
  const path = joinBytePath(folder.path, name)
  try {
    const stats = lstatSync(bytesOf(path))
    if (stats.isFile()) return { kind: 'file', stats }
    if (stats.isDirectory()) return folderBelow(folder, name, stats, walk)
    if (!stats.isSymbolicLink() || !walk.selection.followsLinks) return skipped(path, describeSpecial(stats))
    const link = followLink(path)
    if (link.kind === 'library') return link
    if (link.kind === 'nowhere') return skipped(path, link.reason)
    if (link.stats.isFile()) return { kind: 'file', stats: link.stats, isLinked: true }
    return link.stats.isDirectory() ? folderBelow(folder, name, link.stats, walk) : skipped(path, describeSpecial(link.stats))
  } catch (error) {
    const reason = walk.isNamed && isAbsence(error) ? 'not there' : requireFileErrorReason(error)
    return { kind: 'other', outcome: { action: 'failed', path: shownPath(path), sizeBytes: 0, reason } }
  }
}

function folderBelow(around: FolderToScan, name: BytePath, stats: Stats, { chooser, systemDevices }: Walk): Found {
  if (systemDevices.has(stats.dev)) return { kind: 'system' }
  const path = joinBytePath(around.path, name)
  if (isInChain(stats, around.chain)) return skipped(path, 'a symbolic link back to a folder that it lies in')
  const location = joinBytePath(around.location, name)
  const rules = chooser.rulesBelow(around.rules, name)
  const chain = around.chain && chainOf(stats, around.chain)
  return { kind: 'folder', folder: { path, location, shown: shownPath(path), rules, chain } }
}

function skipped(path: BytePath, reason: string): Found {
  return { kind: 'other', outcome: { action: 'skipped', path: shownPath(path), sizeBytes: 0, reason } }
}

function describeSpecial(stats: Stats): string {
  if (stats.isSymbolicLink()) return 'a symbolic link; it is not followed'
  if (stats.isFIFO()) return 'a pipe, not a file'
  if (stats.isSocket()) return 'a socket, not a file'
  return 'a device, not a file'
}
