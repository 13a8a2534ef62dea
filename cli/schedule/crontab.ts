import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { findJobName, jobId } from './scheduler.ts'

/** A crontab, taken apart at the lines of one job. */
export interface Table {
  readonly before: string
  /** What stands between the marks; undefined where there are none. */
  readonly line: string | undefined
  readonly after: string
}

/**
 * Finds the lines of a job: a mark, one line, a mark. Throws a `UserError` with exit code 2 where its marks stand in any other
 * way: what is between them may be of somebody else.
 */
export function splitTable(table: string, jobName: string): Table {
  const lines = table === '' ? [] : table.replace(/\n$/, '').split('\n')
  const [begins, ends] = [indexesOf(lines, beginMark(jobName)), indexesOf(lines, endMark(jobName))]
  const [begin] = begins
  if (begin === undefined && ends.length === 0) return { before: textOf(lines), line: undefined, after: '' }
  const line = begin === undefined ? undefined : lines[begin + 1]
  const isWhole = begins.length === 1 && ends.length === 1 && begin !== undefined && ends[0] === begin + 2
  if (!isWhole || line === undefined || isMark(line)) throw damaged(jobName)
  return { before: textOf(lines.slice(0, begin)), line, after: textOf(lines.slice(begin + 3)) }
}

/** The lines of a job, with their marks. */
export function formatBlock(jobName: string, line: string): string {
  return textOf([beginMark(jobName), line, endMark(jobName)])
}

/** The names of the jobs that have a mark in it. */
export function findMarkedJobs(table: string): readonly string[] {
  const ids = [...table.matchAll(/^# (photos-sync\S*): (?:begin|end)\b/gm)].map(([, id = '']) => id)
  return [...new Set(ids)].map(findJobName).filter((name) => name !== undefined)
}

function damaged(jobName: string): UserError {
  return new UserError(`the lines of ${jobId(jobName)} in your crontab are not as they were made: a mark, one line, a mark`, {
    exitCode: exitCodes.usage,
    hint: `nothing was changed; look at the lines with "# ${jobId(jobName)}:" yourself and delete those two, and what is not yours: crontab -e`,
  })
}

const beginMark = (jobName: string) => `# ${jobId(jobName)}: begin (made by photos schedule install)`
const endMark = (jobName: string) => `# ${jobId(jobName)}: end`

function isMark(line: string): boolean {
  return /^# photos-sync\S*: (begin|end)\b/.test(line)
}

function indexesOf(lines: readonly string[], mark: string): readonly number[] {
  return lines.flatMap((line, index) => (line.trim() === mark ? [index] : []))
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}
