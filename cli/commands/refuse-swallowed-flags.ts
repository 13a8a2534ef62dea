import type { Command, Option } from 'commander'

/**
 * Ends with a usage error where an option has taken the next flag for its value, as in `--log-file --dry-run`: the value was
 * forgotten, and the run would be another one than was typed. A value that does begin with `--` is written behind a `=`.
 *
 * @param words as typed
 */
export function refuseSwallowedFlags(command: Command, words: readonly string[]): void {
  const end = words.indexOf('--')
  const typed = end === -1 ? words : words.slice(0, end + 1)
  for (let index = 0; index < typed.length; index += 1) {
    const [word = '', value] = typed.slice(index)
    const option = command.options.find((known) => known.required && (word === known.long || word === known.short))
    if (option === undefined) continue
    index += 1
    if (value !== undefined && isFlag(value, command.options)) {
      command.error(`error: '${option.flags}' is followed by ${value}, which is no value; one that begins so is ${word}=${value}`)
    }
  }
}

/** Also a mistyped one, and short ones in one word, as in `-nq`. */
function isFlag(word: string, options: readonly Option[]): boolean {
  if (word.startsWith('--')) return true
  const shortFlags = new Set(['-h', ...options.map(({ short }) => short)])
  return /^-[a-z]+$/i.test(word) && [...word.slice(1)].every((letter) => shortFlags.has(`-${letter}`))
}
