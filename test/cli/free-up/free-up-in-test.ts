import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freeUp } from '../../../cli/free-up/free-up.ts'
import { openQuarantine, type QuarantineOptions } from '../../../cli/free-up/quarantine.ts'
import { requireQuarantine } from '../../../cli/free-up/quarantine-folder.ts'
import type { Remote } from '../../../cli/remote/remote.ts'
import type { FileOutcome, RunEvent } from '../../../cli/run-event.ts'
import { createOriginalSender } from '../../../cli/sync/original-sender.ts'
import type { Selection } from '../../../cli/sync/selection.ts'
import { findSources } from '../../../cli/sync/sources.ts'
import type { EmbeddedOptions } from '../../../embedded/serve.ts'
import { type LibraryInTest, openLibraryInTest } from '../../embedded/library-in-test.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { writeTree } from '../../whole-path/tree.ts'
import { clockAhead, type Run, runSync } from '../sync/run-sync.ts'

export interface FreeUpInTest extends Pick<QuarantineOptions, 'hardLink'> {
  readonly remote?: Remote
  readonly dryRun?: boolean
  readonly selection?: Selection
  /** Unless told, `camera` beside the quarantine. */
  readonly from?: string
}

export interface FreedUp {
  /** By the path below the folder: what became of it, and why. */
  readonly outcomes: Readonly<Record<string, string>>
  readonly files: readonly FileOutcome[]
  readonly notes: readonly string[]
}

export interface Workbench {
  readonly folder: string
  readonly quarantine: string
  readonly library: LibraryInTest
  readonly libraryFolder: string
  sync(): Promise<Run>
  freeUp(options?: FreeUpInTest): Promise<FreedUp>
}

/** A folder with files, a library, and a place beside them for a quarantine. */
export async function openWorkbench(
  files: Readonly<Record<string, Buffer | string>>,
  options: Partial<EmbeddedOptions> = {},
): Promise<Workbench> {
  const root = await temporaryFolder()
  const [folder, quarantine, libraryFolder] = [join(root, 'camera'), join(root, 'aside'), join(root, 'library')]
  await mkdir(folder)
  await writeTree(folder, files)
  const library = await openLibraryInTest(libraryFolder, options)
  const { remote, transport } = library
  const sender = createOriginalSender(transport)
  return {
    folder,
    quarantine,
    library,
    libraryFolder,
    sync: () => runSync([folder], { remote, sender, stateFolder: root }),
    freeUp: (asked = {}) => freeUpOnce(asked, { folder, quarantine, libraryFolder, remote }),
  }
}

async function freeUpOnce(
  { dryRun = false, selection = {}, hardLink, ...asked }: FreeUpInTest,
  place: { readonly folder: string; readonly quarantine: string; readonly libraryFolder: string; readonly remote: Remote },
): Promise<FreedUp> {
  const { folder, libraryFolder, remote } = { ...place, remote: asked.remote ?? place.remote, folder: asked.from ?? place.folder }
  const { signal } = new AbortController()
  const sources = findSources([folder], libraryFolder)
  const paths = sources.map(({ path }) => path)
  const aside = requireQuarantine(place.quarantine, paths, libraryFolder)
  const { remoteId } = remote.configuration
  const now = () => new Date('2026-11-23T12:00:00Z')
  await using quarantine = dryRun ? undefined : await openQuarantine(aside, { remoteId, now, signal, hardLink })
  const events: RunEvent[] = []
  const clock = clockAhead()
  for await (const event of freeUp(sources, { remote, clock, quarantine, selection, signal })) events.push(event)
  const outcomes = events.flatMap((event) => (event.kind === 'file' ? [event.outcome] : []))
  return {
    outcomes: Object.fromEntries(
      outcomes.map(({ path, action, reason }) => [path.slice(folder.length + 1), reason ? `${action}: ${reason}` : action]),
    ),
    files: outcomes,
    notes: events.flatMap((event) => (event.kind === 'note' ? [event.message] : [])),
  }
}
