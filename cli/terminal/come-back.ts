import { formatBytes } from './format-bytes.ts'
import type { Summary } from './tally.ts'

/**
 * When to come back for what thaws, and what to type then; undefined where nothing does.
 *
 * @param typed the command as it was typed: whoever comes back two days later has forgotten it; undefined for a dry run, which
 *   would bring nothing then either
 */
export function formatComeBack({ counts, thaws }: Summary, typed: string | undefined): string | undefined {
  if (counts.thawing === 0 || thaws.readyBy === undefined) return undefined
  const files = counts.thawing === 1 ? '1 file' : `${counts.thawing} files`
  const what = `${files} (${formatBytes(thaws.bytes)}) ${counts.thawing === 1 ? 'is' : 'are'} thawing`
  const then = typed === undefined ? 'then a pull without --dry-run brings what thawed' : `then run again: ${typed}`
  return `${what} and should be there by ${formatMoment(thaws.readyBy)}; ${then}`
}

/** By the clock of this place: `2026-11-24 23:05`. */
function formatMoment(moment: Date): string {
  const local = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 16).replace('T', ' ')
}
