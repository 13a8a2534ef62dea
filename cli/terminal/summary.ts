import { formatBytes } from './format-bytes.ts'
import { formatDuration } from './format-duration.ts'
import type { Summary } from './tally.ts'

/** A run in a line: `uploaded 12 (48.1 MB), already stored 3, skipped 1, failed 0 in 2.3 s`. */
export function formatSummary(summary: Summary): string {
  return `${summary.kind === 'sync' ? formatSync(summary) : formatPull(summary)} in ${formatDuration(summary.seconds)}`
}

function formatSync({ counts, movedBytes, wouldMoveBytes }: Summary): string {
  const parts = [`uploaded ${counts.uploaded} (${formatBytes(movedBytes)})`, `already stored ${counts.already_stored}`]
  if (counts.would_upload > 0) parts.unshift(`would upload ${counts.would_upload} (${formatBytes(wouldMoveBytes)})`)
  return [...parts, `skipped ${counts.skipped}`, `failed ${counts.failed}`].join(', ')
}

function formatPull({ counts, movedBytes, wouldMoveBytes }: Summary): string {
  const parts = [`pulled ${counts.pulled} (${formatBytes(movedBytes)})`, `unchanged ${counts.unchanged}`]
  if (counts.would_pull > 0) parts.unshift(`would pull ${counts.would_pull} (${formatBytes(wouldMoveBytes)})`)
  if (counts.skipped > 0) parts.push(`skipped ${counts.skipped}`)
  return [...parts, `failed ${counts.failed}`].join(', ')
}

/** The same for `--json`: a stable interface. */
export function summaryMessage({
  kind,
  counts,
  movedBytes,
  wouldMoveBytes,
  seconds,
  exitCode,
}: Summary): Record<string, unknown> {
  const upload = {
    uploaded: counts.uploaded,
    already_stored: counts.already_stored,
    would_upload: counts.would_upload,
    skipped: counts.skipped,
    failed: counts.failed,
    bytes_uploaded: movedBytes,
    bytes_would_upload: wouldMoveBytes,
  }
  const download = {
    pulled: counts.pulled,
    unchanged: counts.unchanged,
    would_pull: counts.would_pull,
    skipped: counts.skipped,
    failed: counts.failed,
    bytes_downloaded: movedBytes,
    bytes_would_download: wouldMoveBytes,
  }
  return {
    message_type: 'summary',
    ...(kind === 'sync' ? upload : download),
    duration_seconds: Math.round(seconds * 1000) / 1000,
    exit_code: exitCode,
  }
}
