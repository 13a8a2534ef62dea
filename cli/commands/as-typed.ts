import { InvalidArgumentError } from 'commander'
import { UserError } from '../errors.ts'
import { isTime } from '../time-range.ts'

/** Has commander name the flag, or the variable, in which something stood that `parse` throws a `UserError` for. */
export function asTyped<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      throw new InvalidArgumentError(`${error.message}; ${error.hint}.`)
    }
  }
}

/** The same for a limit, of which 0 and `off` are none, as with rclone: infinity. */
export function asTypedLimit(parse: (text: string) => number): (text: string) => number {
  const parseTyped = asTyped(parse)
  return (text) => {
    if (/^\s*off\s*$/i.test(text)) return Number.POSITIVE_INFINITY
    const limit = parseTyped(text)
    // A tiny one is rounded to 0, and is meant.
    return /[1-9]/.test(text) ? limit : Number.POSITIVE_INFINITY
  }
}

/**
 * Refuses an empty value, such as of a variable that a script has not set: an empty folder would be the working directory, and
 * an empty file of patterns a run without them. @param what is to be given: `a folder`
 */
export function asTypedText(what: string): (text: string) => string {
  return (text) => {
    if (text.trim() === '') throw new InvalidArgumentError(`give ${what}; it is empty.`)
    return text
  }
}

/** The text of a time, which is only understood when the whole range is known. */
export function asTypedTime(text: string): string {
  if (isTime(text, new Date())) return text
  throw new InvalidArgumentError(`'${text}' is not a time; write 2021, 2021-06, 2021-06-15, 2021-06-15T18:30 or 30d (2w, 1y).`)
}
