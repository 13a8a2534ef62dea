import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { type BytePath, bytesOf, joinBytePath } from '../byte-path.ts'
import { findLeftOutCause, photosIgnoreName } from '../sync/left-out.ts'
import { isLibrary } from '../sync/library-mark.ts'
import { isExhaustion, isFolder, listSubfolders } from './subfolders.ts'

/*
 * The folders below a source, each with a watch of its own; its files have none, so that memory grows with folders only.
 * A folder's watch is placed before the folder is listed: what comes into it in between is told, too.
 * Why this is not chokidar: docs/adr/0007-folders-are-watched-directly.md.
 */

export interface FolderWatcherOptions {
  /** Whether hidden folders are watched, too. */
  readonly takesHidden: boolean
  /** Folders that a batch itself writes to: watched, they would bring about the next one. */
  readonly except: ReadonlySet<BytePath>
  /** Something was made, changed, renamed or removed here; or, for a folder, anywhere below it. May be told twice, or late. */
  readonly onChange: (path: BytePath) => void
  /** Events were lost: folders that came meanwhile may have no watch, until all are renewed. */
  readonly onLoss: () => void
  /** The system watches no more folders for this user: those that are left unwatched tell nothing. */
  readonly onExhausted: () => void
}

export interface FolderWatcher {
  /** Resolves when every folder that was there has its watch, or there are no more to be had. */
  readonly ready: Promise<void>
  /** Where events were lost, places every watch anew; resolves as `ready`. What happens meanwhile may not be told. */
  renew(): Promise<void>
  folderCount(): number
  close(): void
}

/** A folder that holds others. The one around the root has no watch. */
interface Around {
  readonly subfolders: Map<BytePath, WatchedFolder>
}

interface WatchedFolder extends Around {
  readonly path: BytePath
  readonly watcher: FSWatcher
}

/** So many folders get their watch in one go, then others (a signal, too) get their turn. */
const foldersAtOnce = 100

/** Watches a folder and all below it, but for junk and hidden ones, libraries, and what lies behind links. */
export function watchFolders(root: BytePath, options: FolderWatcherOptions): FolderWatcher {
  const { takesHidden, except, onChange, onLoss, onExhausted } = options
  const isTaken = (name: BytePath): boolean => findLeftOutCause(name, takesHidden) === undefined
  const outside: Around = { subfolders: new Map() }
  let folderCount = 0
  let placed = 0
  let isEnough = false
  let isIncomplete = false
  let isClosed = false

  function lose(): void {
    isIncomplete = true
    onLoss()
  }
  const countInBurst = createBurstMeter(lose)

  function place(around: Around, name: BytePath, path: BytePath): WatchedFolder | undefined {
    try {
      const watcher = watch(bytesOf(path), { encoding: 'latin1', persistent: false })
      const folder: WatchedFolder = { path, watcher, subfolders: new Map() }
      watcher.on('change', (kind, changed) => onEvent(folder, kind, typeof changed === 'string' ? changed : undefined))
      watcher.on('error', lose)
      release(around, name)
      around.subfolders.set(name, folder)
      folderCount += 1
      return folder
    } catch (error) {
      if (isExhaustion(error)) giveUp()
      return undefined // gone again, or not for us to look at
    }
  }

  function giveUp(): void {
    isEnough = true
    onExhausted()
  }

  async function listOf(path: BytePath): Promise<readonly BytePath[]> {
    try {
      return await listSubfolders(path)
    } catch (error) {
      if (!isExhaustion(error)) throw error
      giveUp()
      return []
    }
  }

  async function placeAll(around: Around, name: BytePath, path: BytePath): Promise<void> {
    if (isEnough || isClosed || except.has(path) || isLibrary(path)) return
    const folder = place(around, name, path)
    if (folder === undefined) return
    placed += 1
    if (placed % foldersAtOnce === 0) await setImmediate()
    for (const subfolder of await listOf(path)) {
      const isReleased = around.subfolders.get(name) !== folder
      if (isReleased) return
      if (isTaken(subfolder)) await placeAll(folder, subfolder, joinBytePath(path, subfolder))
    }
  }

  function release(around: Around, name: BytePath): void {
    const folder = around.subfolders.get(name)
    if (folder === undefined) return
    around.subfolders.delete(name)
    folder.watcher.close()
    folderCount -= 1
    for (const subfolder of [...folder.subfolders.keys()]) release(folder, subfolder)
  }

  function onEvent(folder: WatchedFolder, kind: string, name: BytePath | undefined): void {
    countInBurst()
    // What a filter in a file says concerns all that lies beside and below it.
    if (name === undefined || name === photosIgnoreName) onChange(folder.path)
    else if (isTaken(name)) {
      const path = joinBytePath(folder.path, name)
      onChange(path)
      if (kind === 'rename') placeAnew(folder, name, path)
    }
  }

  /** By this name there may be another folder now, or none. */
  function placeAnew(around: Around, name: BytePath, path: BytePath): void {
    release(around, name)
    if (isFolder(path)) placeAll(around, name, path).catch(lose)
  }

  return {
    ready: placeAll(outside, root, root),
    async renew() {
      if (!isIncomplete) return
      isIncomplete = false
      isEnough = false
      release(outside, root)
      // Each watch that is taken away leaves a word in the queue, which has to be read before anything else gets lost there.
      await setImmediate()
      await setImmediate()
      await placeAll(outside, root, root)
    },
    folderCount: () => folderCount,
    close() {
      isClosed = true
      release(outside, root)
    },
  }
}

/**
 * Notices that about as much happened in one turn as the system keeps for us. Half of it counts: what befell folders that are
 * gone takes room there and is not told.
 */
function createBurstMeter(onLoss: () => void): () => void {
  const most = Math.ceil(findQueueLength() / 2)
  let events = 0
  const forget = (): void => {
    events = 0
  }
  return () => {
    if (events === 0) void setImmediate().then(forget)
    events += 1
    if (events === most) onLoss()
  }
}

/** Linux keeps so many events for a reader that is busy, and drops the rest without a word (inotify(7)). */
function findQueueLength(): number {
  try {
    return Number.parseInt(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'latin1'), 10) || usualQueueLength
  } catch {
    return usualQueueLength
  }
}

const usualQueueLength = 16_384
