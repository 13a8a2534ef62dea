import { constants } from 'node:fs'
import { copyFile, type FileHandle, open, rm } from 'node:fs/promises'
import type { Photo } from '../../contract/photos.ts'
import { type BytePath, bytesOf, joinBytePath, shownPath } from '../byte-path.ts'
import { TransferError } from '../errors.ts'
import { type GetOptions, getToFile } from '../remote/get.ts'
import type { SignRequest } from '../remote/signed-attempts.ts'
import type { FileOutcome } from '../run-event.ts'
import { compareFile } from './file-comparison.ts'
import { utimesArgument } from './modification-time.ts'
import { type HardLink, putInPlace } from './put-in-place.ts'
import { candidatePaths, type Target } from './targets.ts'
import type { OriginalThaw } from './thaw-original.ts'
import type { UnfinishedFolder } from './unfinished-folder.ts'
import { endRunWhenFull, findPullFailure } from './write-error.ts'

export interface MissingPhoto {
  readonly photo: Photo
  /** Never empty. */
  readonly targets: readonly Target[]
}

export interface PullPhotoOptions extends Omit<GetOptions, 'sizeBytes'> {
  readonly to: BytePath
  /** What messages call it. */
  readonly shownTo: string
  readonly unfinished: UnfinishedFolder
  /** Of the photo's original. */
  readonly sign: SignRequest
  /** Sees to the thaw of an original that the storage does not give; undefined where it can be read by now. */
  readonly thaw: () => Promise<OriginalThaw | undefined>
  /** Whether the remote has it: asked where the storage denies an original, which may mean either. */
  readonly isStored: () => Promise<boolean>
  readonly hardLink?: HardLink | undefined
}

/**
 * Downloads one original, once, and puts it at each of its targets. One file's failure is an outcome; a full disk is the
 * end of the run.
 */
export async function pullPhoto({ photo, targets }: MissingPhoto, options: PullPhotoOptions): Promise<readonly FileOutcome[]> {
  const download = options.unfinished.newPath(photo.contentHash)
  try {
    const thaw = await downloadVerified(download, photo, options)
    if (thaw !== undefined)
      return targets.map(({ path }, index) => describeThaw(photo, path, { ...thaw, isFirst: thaw.isFirst && index === 0 }))
    const outcomes: FileOutcome[] = []
    for (const target of targets.slice(0, -1)) outcomes.push(await placeCopy(download, photo, target, options))
    for (const target of targets.slice(-1)) outcomes.push(await place(download, photo, target, options))
    return outcomes
  } catch (error) {
    endRunWhenFull(error, options.shownTo)
    const failure = failureOf(error)
    return targets.map(({ path }) => ({ ...describe(photo, path), ...failure }))
  } finally {
    await rm(bytesOf(download), { force: true })
  }
}

/** Downloads to a new file, or says how its thaw stands. */
async function downloadVerified(path: BytePath, photo: Photo, options: PullPhotoOptions): Promise<OriginalThaw | undefined> {
  const handle = await open(bytesOf(path), 'wx')
  try {
    return await downloadOrThaw(handle, photo, options)
  } catch (error) {
    const isDenied = error instanceof TransferError && error.kind === 'denied'
    if (!isDenied || (await options.isStored())) throw error
    throw new TransferError('the storage does not have it', { kind: 'missing', cause: error })
  } finally {
    await handle.close()
  }
}

async function downloadOrThaw(handle: FileHandle, photo: Photo, options: PullPhotoOptions): Promise<OriginalThaw | undefined> {
  try {
    await downloadRight(handle, photo, options)
  } catch (error) {
    if (!(error instanceof TransferError && error.kind === 'archived')) throw error
    const thaw = await options.thaw()
    if (thaw !== undefined) return thaw
    await downloadRight(handle, photo, options) // it thawed in between
  }
  return undefined
}

/** Downloads until the hash is right; once more when it is not. */
async function downloadRight(handle: FileHandle, photo: Photo, options: PullPhotoOptions): Promise<void> {
  if (await isDownloaded(handle, photo, options)) return
  if (await isDownloaded(handle, photo, options)) return
  throw new TransferError('the stored bytes are not those of its content hash', { kind: 'bytes-differ' })
}

async function isDownloaded(handle: FileHandle, photo: Photo, options: PullPhotoOptions): Promise<boolean> {
  await handle.truncate(0)
  const { transport, signal } = options
  let movedBytes = 0
  const hash = await getToFile(options.sign, handle, {
    transport,
    signal,
    sizeBytes: photo.sizeBytes,
    onMoved: (bytes) => {
      movedBytes += bytes
      options.onMoved?.(bytes)
    },
  })
  if (hash === photo.contentHash) return true
  options.onMoved?.(-movedBytes)
  return false
}

async function placeCopy(download: BytePath, photo: Photo, target: Target, options: PullPhotoOptions): Promise<FileOutcome> {
  const copy = options.unfinished.newPath(photo.contentHash)
  try {
    // A clone where the file system can: the download itself stays for the last target.
    await copyFile(bytesOf(download), bytesOf(copy), constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
    return await place(copy, photo, target, options)
  } catch (error) {
    endRunWhenFull(error, options.shownTo)
    return { ...describe(photo, target.path), ...failureOf(error) }
  } finally {
    await rm(bytesOf(copy), { force: true })
  }
}

/** Gives a whole file its modification time, brings it to the disk, and moves it to the first of its names that is free. */
async function place(whole: BytePath, photo: Photo, target: Target, options: PullPhotoOptions): Promise<FileOutcome> {
  try {
    await finish(whole, target)
    for (const path of candidatePaths(target.path, photo.contentHash)) {
      const fullPath = joinBytePath(options.to, path)
      if (await putInPlace(whole, fullPath, options.hardLink)) return { ...describe(photo, path), action: 'pulled' }
      // Taken: by the same bytes, when another path of this pull is the same name to the file system.
      const found = await compareFile(fullPath, photo, options.signal)
      if (found.kind === 'same') return { ...describe(photo, path), action: 'unchanged' }
    }
    return { ...describe(photo, target.path), action: 'failed', reason: 'other files have every name for it' }
  } catch (error) {
    endRunWhenFull(error, options.shownTo)
    return { ...describe(photo, target.path), ...failureOf(error) }
  }
}

async function finish(path: BytePath, { modificationTime }: Target): Promise<void> {
  const handle = await open(bytesOf(path), 'r+')
  try {
    if (modificationTime !== undefined) {
      const time = utimesArgument(modificationTime)
      await handle.utimes(time, time)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
}

type Failure = Pick<FileOutcome, 'reason' | 'storedBytesDiffer'> & { readonly action: 'failed' }

/** How a file's failure ends its outcome. Throws on what is not one file's failure. */
export function failureOf(error: unknown): Failure {
  const reason = findPullFailure(error)
  if (reason === undefined) throw error
  const isLost = error instanceof TransferError && (error.kind === 'bytes-differ' || error.kind === 'missing')
  return { action: 'failed', reason, ...(isLost ? { storedBytesDiffer: true } : {}) }
}

/** The outcome of one of the files of an original that thaws. Its bytes count with the first of them. */
function describeThaw(photo: Photo, path: BytePath, { thaw, isFirst }: OriginalThaw): FileOutcome {
  const reason = thaw.isNew ? 'it lies in the archive; its thaw was asked for now' : 'it lies in the archive and thaws already'
  return { ...describe(photo, path), action: 'thawing', reason, thaw, ...(isFirst ? {} : { movesNoBytes: true }) }
}

/** What every outcome of an original at a path has. */
export function describe(photo: Photo, path: BytePath): Pick<FileOutcome, 'path' | 'sizeBytes' | 'contentHash'> {
  return { path: shownPath(path), sizeBytes: photo.sizeBytes, contentHash: photo.contentHash }
}
