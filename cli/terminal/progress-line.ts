import { formatBytes } from './format-bytes.ts'
import { formatDuration } from './format-duration.ts'
import type { Progress, RunKind } from './tally.ts'

/** How far a run is, in a line of a log: `sync: 120 of 340 files, 480.0 MB of 1.2 GB, 12.3 MB/s, 1 min 02 s left`. */
export function formatProgress(kind: RunKind, progress: Progress): string {
  return `${kind}: ${progress.filesDone} of ${progress.filesFound} files, ${formatBytes(progress.bytesDone)} of ${formatBytes(progress.bytesFound)}, ${formatPace(progress)}`
}

/** Rate and time left: `12.3 MB/s, 1 min 02 s left`. */
export function formatPace({ bytesPerSecond, secondsLeft }: Progress): string {
  const rate = `${formatBytes(bytesPerSecond)}/s`
  return secondsLeft === undefined ? rate : `${rate}, ${formatDuration(secondsLeft)} left`
}
