import { formatBytes } from './format-bytes.ts'
import { formatDuration } from './format-duration.ts'
import type { Summary } from './tally.ts'

/**
 * A run in a line: `uploaded 12 (48.1 MB), already stored 3, skipped 1, failed 0 in 2.3 s`. Of a dry run:
 * `dry run: would upload 12 (48.1 MB), already stored 3, …`, the bytes being those that would move, each once. What lies in an
 * archive stands behind what was pulled: `pulled 2 (9.1 MB), thawing 10 (48.1 MB), unchanged 0, …`. Of the others:
 * `verified 12 (48.1 MB), failed 0 in 2.3 s`, `moved 12 (48.1 MB), failed 0 in 2.3 s`.
 */
export function formatSummary(summary: Summary, dryRun = false): string {
  const { kind, counts, thaws, seconds } = summary
  const skipped = kind === 'sync' || counts.skipped > 0 ? [`skipped ${counts.skipped}`] : []
  const thawing = counts.thawing > 0 ? [`thawing ${counts.thawing} (${formatBytes(thaws.bytes)})`] : []
  const wouldThaw = counts.would_thaw > 0 ? [`would thaw ${counts.would_thaw} (${formatBytes(thaws.wouldThawBytes)})`] : []
  const unchanged = formatUnchanged(summary)
  const parts = [formatMoved(summary, dryRun), ...wouldThaw, ...thawing, ...unchanged, ...skipped, `failed ${counts.failed}`]
  return `${dryRun ? 'dry run: ' : ''}${parts.join(', ')} in ${formatDuration(seconds)}`
}

function formatUnchanged({ kind, counts }: Summary): readonly string[] {
  if (kind === 'sync') return [`already stored ${counts.already_stored}`]
  return kind === 'pull' ? [`unchanged ${counts.unchanged}`] : []
}

/** The first words of a summary, by what its command does with files. */
const does = {
  sync: { done: ['uploaded', 'uploaded'], would: ['would upload', 'would_upload'] },
  pull: { done: ['pulled', 'pulled'], would: ['would pull', 'would_pull'] },
  verify: { done: ['verified', 'verified'], would: ['verified', 'verified'] },
  'free-up': { done: ['moved', 'moved'], would: ['would move', 'would_move'] },
} as const

function formatMoved({ kind, counts, movedBytes, wouldMoveBytes }: Summary, dryRun: boolean): string {
  const [words, action] = dryRun ? does[kind].would : does[kind].done
  return `${words} ${counts[action]} (${formatBytes(dryRun ? wouldMoveBytes : movedBytes)})`
}

/** What a run has done so far: `4 uploaded, 2 already stored, 300.0 MB of 1 large file kept for the next run`; undefined when that is nothing. */
export function formatDone({ counts, kept }: Summary): string | undefined {
  const parts = Object.entries(counts).flatMap(([action, count]) => (count > 0 ? [`${count} ${action.replace('_', ' ')}`] : []))
  const large = kept.files === 1 ? '1 large file' : `${kept.files} large files`
  if (kept.files > 0) parts.push(`${formatBytes(kept.bytes)} of ${large} kept for the next run`)
  return parts.length > 0 ? parts.join(', ') : undefined
}

/** The same for `--json`: a stable interface. */
export function summaryMessage(summary: Summary): Record<string, unknown> {
  return {
    message_type: 'summary',
    ...numbersOf(summary),
    duration_seconds: Math.round(summary.seconds * 1000) / 1000,
    exit_code: summary.exitCode,
  }
}

function numbersOf({ kind, counts, movedBytes, wouldMoveBytes, thaws }: Summary): Record<string, unknown> {
  const { skipped, failed } = counts
  const upload = {
    uploaded: counts.uploaded,
    already_stored: counts.already_stored,
    would_upload: counts.would_upload,
    skipped,
    failed,
    bytes_uploaded: movedBytes,
    bytes_would_upload: wouldMoveBytes,
  }
  const download = {
    pulled: counts.pulled,
    unchanged: counts.unchanged,
    would_pull: counts.would_pull,
    skipped,
    failed,
    bytes_downloaded: movedBytes,
    bytes_would_download: wouldMoveBytes,
    thawing: counts.thawing,
    thaw_requested: thaws.requested,
    bytes_thawing: thaws.bytes,
    thaw_ready_by: thaws.readyBy?.toISOString() ?? null,
    would_thaw: counts.would_thaw,
    bytes_would_thaw: thaws.wouldThawBytes,
  }
  switch (kind) {
    case 'sync':
      return upload
    case 'pull':
      return download
    case 'verify':
      return { verified: counts.verified, skipped, failed, bytes_verified: movedBytes }
    case 'free-up': {
      const bytes = { bytes_moved: movedBytes, bytes_would_move: wouldMoveBytes }
      return { moved: counts.moved, would_move: counts.would_move, skipped, failed, ...bytes }
    }
  }
}
