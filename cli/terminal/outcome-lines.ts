import type { FileOutcome } from '../run-event.ts'
import type { LeftOutEvent, NoteEvent } from './run-view.ts'
import { visible } from './visible.ts'

export const leftOutReasons: Readonly<Record<LeftOutEvent['cause'], string>> = {
  hidden: 'a hidden name',
  junk: 'junk by its name',
  filters: 'by a filter',
  libraries: 'a library of photos',
  system: 'made up by the system: no files lie there',
}

/** What became of a file, for people: `failed: DCIM/a.jpg: permission denied`. */
export function formatOutcome({ action, path, reason }: FileOutcome): string {
  const words = action.replace('_', ' ')
  return reason === undefined ? `${words}: ${visible(path)}` : `${words}: ${visible(path)}: ${visible(reason)}`
}

/** What was not asked for: `left out: DCIM/@eaDir: junk by its name`. */
export function formatLeftOut({ path, cause }: LeftOutEvent): string {
  return `left out: ${visible(path)}: ${leftOutReasons[cause]}`
}

/** A note in a line: what more `--verbose` tells of it, only where that is not given. */
export function formatNote({ message, verboseTells }: NoteEvent, verbose = false): string {
  return verboseTells === undefined || verbose ? message : `${message} (--verbose ${verboseTells})`
}
