import { type BytePath, shownPath } from '../byte-path.ts'
import type { Source } from '../sync/sources.ts'
import { type FolderWatcher, watchFolders } from './folder-watcher.ts'
import { followPresence, type SourceChange, type SourcePresence } from './source-presence.ts'

export interface WatchedSourcesOptions {
  /** Whether hidden folders are watched, too. */
  readonly takesHidden: boolean
  /** Folders that a batch itself writes to. */
  readonly except: ReadonlySet<BytePath>
  readonly onChange: (path: BytePath) => void
  /** What happened is not known, or not all of it: everything has to be looked through. */
  readonly onLoss: () => void
  /** The system watches no more folders. */
  readonly onExhausted: () => void
  /** Something that the user should know, in lower case, a line. */
  readonly note: (message: string) => void
}

export interface WatchedSources {
  /** Resolves when every folder that was there has its watch. */
  readonly ready: Promise<void>
  /** Watches all that is there, also where events were lost. To be called before everything is looked through. */
  renew(): Promise<void>
  /** Looks whether the sources are still, or again, there. */
  look(): void
  /** The ones that are there, as a run takes them. */
  present(): readonly string[]
  folderCount(): number
  close(): void
}

interface WatchedSource {
  readonly source: Source
  readonly presence: SourcePresence
  watcher: FolderWatcher | undefined
}

/** Watches the folders of the sources for as long as these are there. */
export function watchSources(sources: readonly Source[], options: WatchedSourcesOptions): WatchedSources {
  const { note, onChange, onLoss } = options

  function start(source: Source): FolderWatcher | undefined {
    if (source.kind === 'file') return undefined
    const watcher = watchFolders(source.path, options)
    watcher.ready.catch(onLoss)
    return watcher
  }

  function follow(watched: WatchedSource, change: SourceChange): void {
    const { source } = watched
    const message = describeChange(change, shownPath(source.path))
    if (message !== undefined) note(message)
    if (source.kind === 'file') onChange(source.path)
    watched.watcher?.close()
    watched.watcher = watched.presence.isThere() ? start(source) : undefined
    // Not before its folders are watched, or what is put there in between would be missed.
    watched.watcher?.ready.then(onLoss, onLoss)
  }

  /** One that could not be watched may have been given the permission since; nobody tells of that. */
  function tryAgain(watched: WatchedSource): void {
    if (watched.watcher?.folderCount() !== 0) return
    watched.watcher.close()
    const watcher = start(watched.source)
    watched.watcher = watcher
    watcher?.ready.then(() => watcher.folderCount() > 0 && onLoss(), onLoss)
  }

  const all = sources.map((source): WatchedSource => ({ source, presence: followPresence(source), watcher: start(source) }))
  return {
    ready: Promise.allSettled(all.map(({ watcher }) => watcher?.ready)).then(() => {}),
    renew: async () => void (await Promise.allSettled(all.map(({ watcher }) => watcher?.renew()))),
    look() {
      for (const watched of all) {
        const change = watched.presence.look()
        if (change === 'same') tryAgain(watched)
        else follow(watched, change)
      }
    },
    present: () => all.flatMap(({ source, presence }) => (presence.isThere() ? [shownPath(source.path)] : [])),
    folderCount: () => all.reduce((sum, { watcher }) => sum + (watcher?.folderCount() ?? 0), 0),
    close() {
      for (const { watcher } of all) watcher?.close()
    },
  }
}

function describeChange(change: SourceChange, path: string): string | undefined {
  if (change === 'lost') return `${path} is gone; waiting until it is back`
  if (change === 'returned') return `${path} is back`
  return change === 'replaced' ? `another folder or disk is at ${path} now` : undefined
}
