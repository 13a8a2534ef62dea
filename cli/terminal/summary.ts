import { formatBytes } from './format-bytes.ts'
import { formatDuration } from './format-duration.ts'
import type { Summary } from './tally.ts'

/**
 * A run in a line: `uploaded 12 (48.1 MB), already stored 3, skipped 1, failed 0 in 2.3 s`. Of a dry run:
 * `dry run: would upload 12 (48.1 MB), already stored 3, …`, the bytes being those that would move, each once. What lies in an
 * archive stands behind what was pulled: `pulled 2 (9.1 MB), thawing 10 (48.1 MB), unchanged 0, …`.
 */
export function formatSummary(summary: Summary, dryRun = false): string {
  const { kind, counts, thaws, seconds } = summary
  const unchanged = kind === 'sync' ? `already stored ${counts.already_stored}` : `unchanged ${counts.unchanged}`
  const skipped = kind === 'sync' || counts.skipped > 0 ? [`skipped ${counts.skipped}`] : []
  const thawing = counts.thawing > 0 ? [`thawing ${counts.thawing} (${formatBytes(thaws.bytes)})`] : []
  const wouldThaw = counts.would_thaw > 0 ? [`would thaw ${counts.would_thaw} (${formatBytes(thaws.wouldThawBytes)})`] : []
  const parts = [formatMoved(summary, dryRun), ...wouldThaw, ...thawing, unchanged, ...skipped, `failed ${counts.failed}`]
  return `${dryRun ? 'dry run: ' : ''}${parts.join(', ')} in ${formatDuration(seconds)}`
}

function formatMoved({ kind, counts, movedBytes, wouldMoveBytes }: Summary, dryRun: boolean): string {
  if (dryRun) {
    const would = kind === 'sync' ? `would upload ${counts.would_upload}` : `would pull ${counts.would_pull}`
    return `${would} (${formatBytes(wouldMoveBytes)})`
  }
  return `${kind === 'sync' ? `uploaded ${counts.uploaded}` : `pulled ${counts.pulled}`} (${formatBytes(movedBytes)})`
}

/** What a run has done so far: `4 uploaded, 2 already stored`; undefined when that is nothing. */
export function formatDone({ counts }: Summary): string | undefined {
  const parts = Object.entries(counts).flatMap(([action, count]) => (count > 0 ? [`${count} ${action.replace('_', ' ')}`] : []))
  return parts.length > 0 ? parts.join(', ') : undefined
}

/** The same for `--json`: a stable interface. */
export function summaryMessage({
  kind,
  counts,
  movedBytes,
  wouldMoveBytes,
  thaws,
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
    thawing: counts.thawing,
    thaw_requested: thaws.requested,
    bytes_thawing: thaws.bytes,
    thaw_ready_by: thaws.readyBy?.toISOString() ?? null,
    would_thaw: counts.would_thaw,
    bytes_would_thaw: thaws.wouldThawBytes,
  }
  return {
    message_type: 'summary',
    ...(kind === 'sync' ? upload : download),
    duration_seconds: Math.round(seconds * 1000) / 1000,
    exit_code: exitCode,
  }
}
