import type { FileStats } from '../state/file-record.ts'

/**
 * Which of the files below the sources are taken. An empty one takes all but junk and hidden names. Patterns are in gitignore
 * syntax, and match paths relative to their source.
 */
export interface Selection {
  readonly takesHidden?: boolean
  /** Also hidden names of which each path is listed, as a person who lists them means them. */
  readonly takesListedHidden?: boolean
  readonly followsLinks?: boolean
  /** What matches one of these is left out, whatever any other pattern says. */
  readonly exclude?: readonly string[]
  /** Where there are any, only files that match one, or lie below a folder that does, are taken. */
  readonly include?: readonly string[]
  /** As if they stood in a `.photosignore` at the root of each source, before those that do. */
  readonly filterLines?: readonly string[]
  /** Both inclusive. */
  readonly minimumSizeBytes?: number | undefined
  readonly maximumSizeBytes?: number | undefined
  /** By the modification time, in milliseconds since 1970; the second one is the first moment that is too late. */
  readonly modifiedFromMs?: number | undefined
  readonly modifiedBeforeMs?: number | undefined
}

/** Whether it is within the limits of size and time. */
export function isWithinLimits({ size, mtimeMs }: FileStats, selection: Selection): boolean {
  const { minimumSizeBytes = 0, maximumSizeBytes = Number.POSITIVE_INFINITY } = selection
  const { modifiedFromMs = Number.NEGATIVE_INFINITY, modifiedBeforeMs = Number.POSITIVE_INFINITY } = selection
  return size >= minimumSizeBytes && size <= maximumSizeBytes && mtimeMs >= modifiedFromMs && mtimeMs < modifiedBeforeMs
}

/** Whether files are chosen one by one, by what a sidecar does not share with its photo: size, time, and its name's end. */
export function choosesFiles({ include = [], ...limits }: Selection): boolean {
  const { minimumSizeBytes, maximumSizeBytes, modifiedFromMs, modifiedBeforeMs } = limits
  return (
    include.length > 0 ||
    [minimumSizeBytes, maximumSizeBytes, modifiedFromMs, modifiedBeforeMs].some((limit) => limit !== undefined)
  )
}

/** Whether all is taken but junk and hidden names. */
export function isPlain({ takesHidden, takesListedHidden: _, ...rest }: Selection): boolean {
  return (
    !takesHidden &&
    Object.values(rest).every((value) => value === undefined || value === false || (Array.isArray(value) && value.length === 0))
  )
}
