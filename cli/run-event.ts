import type { ContentHash } from '../contract/content-hash.ts'

/** What became of one file. The words are those of `--json` and a stable interface. */
export type FileAction =
  | 'uploaded'
  | 'already_stored'
  | 'would_upload'
  | 'pulled'
  | 'unchanged'
  | 'would_pull'
  | 'skipped'
  | 'failed'

export interface FileOutcome {
  readonly action: FileAction
  /** As a person reads it: undecodable bytes shown as U+FFFD. Control characters are the terminal's business. */
  readonly path: string
  readonly sizeBytes: number
  readonly contentHash?: ContentHash
  /** Why, for `skipped`, `failed` and what would move no bytes; in lower case, without the path. */
  readonly reason?: string
  /** Only in a dry run: it would be registered, and its bytes would not move for it. */
  readonly movesNoBytes?: true
  /** Only with `failed`: the remote no longer keeps the bytes that it stored. The run ends with exit code 13. */
  readonly storedBytesDiffer?: true
}

/** What `sync` and `pull` tell while they run; the reporter turns it into a bar, lines or JSON. */
export type RunEvent =
  /** The work has grown: these were found and will end as one `file` event each. */
  | { readonly kind: 'found'; readonly files: number; readonly sizeBytes: number }
  /** Bytes of originals that went over the network just now. A retry counts them again as negative first. */
  | { readonly kind: 'moved'; readonly sizeBytes: number }
  | { readonly kind: 'file'; readonly outcome: FileOutcome }
  /** Something that the user should know, in lower case, a line. */
  | { readonly kind: 'note'; readonly message: string }
