import type { Ignore } from 'ignore'

/** Patterns in gitignore syntax for the paths below one folder. Source: https://git-scm.com/docs/gitignore#_pattern_format */
export interface PathPatterns {
  /**
   * Whether the last pattern that matches the path, or one of the folders on its way, is one without `!`.
   *
   * @param path relative, as a person reads it; that of a folder ends with a slash
   */
  matches(path: string): boolean
  /** With those of a file in one of the folders, by its relative path with a slash at the end; these win over those above. */
  withLinesIn(folder: string, lines: readonly string[]): PathPatterns
}

/** The package remembers each path that it was asked for; thrown away so often, that stays small. */
const pathsAtOnce = 2000

/** Loads what reads patterns, which costs time only those have who use patterns. */
export async function createPathPatterns(lines: readonly string[]): Promise<PathPatterns> {
  const { default: ignore } = await import('ignore')
  const copyOf = (rules: Ignore): Ignore => ignore({ ignorecase: false }).add(rules)
  const create = (rules: Ignore): PathPatterns => {
    let inUse = copyOf(rules)
    let paths = 0
    return {
      matches(path) {
        paths += 1
        if (paths % pathsAtOnce === 0) inUse = copyOf(rules)
        return inUse.ignores(path.normalize())
      },
      withLinesIn: (folder, more) => create(copyOf(rules).add(normalizedLines(more).map((line) => lineIn(folder, line)))),
    }
  }
  return create(ignore({ ignorecase: false }).add([...normalizedLines(lines)]))
}

/** A Mac writes `é` as two characters, and whoever types a pattern as one. */
function normalizedLines(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.normalize()).filter((line) => line.trim() !== '' && !line.startsWith('#'))
}

/** A line of a file in `folder` as it would stand in one at the root. */
function lineIn(folder: string, line: string): string {
  if (folder === '') return line
  const negation = line.startsWith('!') ? '!' : ''
  // Spaces at the end count only behind a backslash.
  const pattern = line.slice(negation.length).replace(/(?<!\\) +$/, '')
  const isAnchored = /\/(?!$)/.test(pattern)
  const prefix = folder.normalize().replace(/[\\*?[\]]/g, '\\$&')
  return `${negation}/${prefix}${isAnchored ? pattern.replace(/^\//, '') : `**/${pattern}`}`
}

/** `[a-z]`, `[!a-z]`, `[[:digit:]]`, and `[]a]`, as the first one in it may be a `]`. */
const bracketed = /\[(?:[!^]|(?![!^]))(?:\[:\w+:\]|\[(?!:)|[^[])(?:\[:\w+:\]|\[(?!:)|[^\][])*\]/g

/** What is wrong with a pattern that can match nothing, in words that follow the pattern; undefined for a good one. */
export function findPatternFault(pattern: string): string | undefined {
  const [, relative] = /^!?(\.\.?\/)/.exec(pattern) ?? []
  if (relative === './') return `begins with ./, as no path does; write '${pattern.replace('./', '/')}'`
  if (relative === '../') return 'begins with ../, and can match nothing outside of the folder'
  if (/(?<!\\)(\\\\)*\\$/.test(pattern)) return 'ends with a backslash that stands before nothing'
  const plain = pattern.replace(/\\./gs, 'x').replace(bracketed, 'x')
  if (plain.includes('[')) return 'has a [ without its ]'
  return plain.trim() === '' ? undefined : findNameFault(plain, pattern)
}

/** Of a pattern in which no slash is meant as a character, and the same pattern as it was written. */
function findNameFault(plain: string, pattern: string): string | undefined {
  const names = plain
    .replace(/^!|\s+$/g, '')
    .replace(/^\/|\/$/g, '')
    .split('/')
  if (names.every((name) => name === '')) return "names nothing below the folder; '*' is everything"
  if (names.includes('')) return `has two slashes in a row, as no path does; write '${pattern.replace(/\/+/g, '/')}'`
  const dots = names.find((name) => name === '.' || name === '..')
  return dots === undefined ? undefined : `has a '${dots}' that stands alone, as in no path`
}
