import { formatBytes } from './format-bytes.ts'
import { formatDuration } from './format-duration.ts'
import type { Progress, RunKind } from './tally.ts'

/** How far a run is, in a line of a log: `sync: 120 of 340 files, 1 min 02 s left, 480.0 MB of 1.2 GB, 12.3 MB/s`. */
export function formatProgress(kind: RunKind, progress: Progress): string {
  const files = `${progress.filesDone} of ${progress.filesFound} files`
  return `${kind}: ${[files, ...formatPace(progress)].join(', ')}`
}

/** What is known of the pace, the most important first, since a narrow terminal shows only that. */
export function formatPace(progress: Progress): readonly string[] {
  const { secondsLeft, bytesDone, bytesFound, bytesPerSecond, isWaiting } = progress
  const left = secondsLeft === undefined ? [] : [`${formatDuration(secondsLeft)} left`]
  const bytes = `${formatBytes(bytesDone)} of ${formatBytes(bytesFound)}`
  if (isWaiting) return [...left, bytes, 'waiting for the backend']
  return [...left, bytes, ...(bytesPerSecond > 0 ? [`${formatBytes(bytesPerSecond)}/s`] : [])]
}
