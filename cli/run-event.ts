import type { ContentHash } from '../contract/content-hash.ts'
import type { exitCodes } from './exit-codes.ts'
import type { LeftOutCause } from './sync/left-out.ts'

/**
 * What became of one file. The words are those of `--json` and a stable interface. `thawing`: its original lies in an archive
 * and was asked for; the same command brings it once it is there. `verified`: the backend has read its original again. `moved`: that,
 * and the file lies in the quarantine now.
 */
export type FileAction =
  | 'uploaded'
  | 'already_stored'
  | 'would_upload'
  | 'pulled'
  | 'unchanged'
  | 'would_pull'
  | 'thawing'
  | 'would_thaw'
  | 'verified'
  | 'moved'
  | 'would_move'
  | 'skipped'
  | 'failed'

export interface Thaw {
  /** Whether this run asked for it; else it was asked for before. */
  readonly isNew: boolean
  /** By then it is usually there. Of what was asked for before, the storage does not say when: it is the longest it may take. */
  readonly readyBy: Date
}

export interface FileOutcome {
  readonly action: FileAction
  /** As a person reads it: undecodable bytes shown as U+FFFD. Control characters are the terminal's business. */
  readonly path: string
  readonly sizeBytes: number
  readonly contentHash?: ContentHash
  /** Why, for `skipped`, `failed` and what would move no bytes; in lower case, without the path. */
  readonly reason?: string
  /** Its bytes are counted with another file of the same original: they move, or thaw, once. */
  readonly movesNoBytes?: true
  /** Only with `already_stored`: known from an earlier run, and so neither read nor asked about. */
  readonly isRemembered?: true
  /** Only with `thawing`. */
  readonly thaw?: Thaw
  /** Only with `failed`: the remote no longer keeps the bytes that it stored. The run ends with exit code 13. */
  readonly storedBytesDiffer?: true
}

/** A source folder turned out to be missing or empty, or a limit that the user set was reached. */
export type IncompleteCode = typeof exitCodes.sourceMissing | typeof exitCodes.limitReached

/** What `sync` and `pull` tell while they run; the reporter turns it into a bar, lines or JSON. */
export type RunEvent =
  /** The work has grown: these were found and will end as one `file` event each. */
  | { readonly kind: 'found'; readonly files: number; readonly sizeBytes: number }
  /** Of what was found, so many bytes are to be sent: the remote was asked, and lacks them. */
  | { readonly kind: 'wanted'; readonly sizeBytes: number }
  /** Bytes of originals that went over the network just now. A retry counts them again as negative first. */
  | { readonly kind: 'moved'; readonly sizeBytes: number }
  /** So much of an original lies at the remote in parts, also when the run ends now; in all, and not just since the last time. */
  | { readonly kind: 'kept'; readonly contentHash: ContentHash; readonly sizeBytes: number }
  | { readonly kind: 'file'; readonly outcome: FileOutcome }
  /** In place of as many `already_stored` files, for who does not want to know their names. */
  | { readonly kind: 'unchanged'; readonly files: number; readonly sizeBytes: number }
  /** A file or a whole folder that was not asked for; it is counted in a note at the end, and named only where all is. */
  | { readonly kind: 'left_out'; readonly path: string; readonly cause: LeftOutCause }
  /**
   * Not all was done, and no file failed: the run ends with this exit code, unless something worse has happened. The message,
   * in lower case and a line, is shown in every mode.
   */
  | { readonly kind: 'incomplete'; readonly exitCode: IncompleteCode; readonly message: string }
  /**
   * Something that the user should know, in lower case, a line; what is urgent, also with `--quiet`. `verboseTells`: what more
   * `--verbose` tells of it, which is said where that is not given: `names them`.
   */
  | { readonly kind: 'note'; readonly message: string; readonly isUrgent?: true; readonly verboseTells?: string }
