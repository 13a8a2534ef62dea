import type { Output } from '../context.ts'
import { typedCommand, type UserError } from '../errors.ts'
import { formatWords } from '../shell-words.ts'
import { visible } from './visible.ts'
import { wrapFor } from './wrap.ts'

/** What is said of a failure that the user can mend. @param commandLine what was typed after `photos` */
export function explainFailure({ message, hint, line }: UserError, commandLine: readonly string[], stderr: Output): string {
  const typed = formatCommand(commandLine)
  // Here, since what a remote or a file calls itself may be in any of them.
  const [what, next] = [visible(`photos: ${message}`), visible(hint.replaceAll(typedCommand, () => typed))]
  // At the margin and in one piece, however narrow the terminal is: what selects it then has nothing else.
  const toCopy = line === undefined ? '' : `${visible(line)}\n`
  return `${wrapFor(stderr, what)}\n${wrapFor(stderr, next, '  ')}\n${toCopy}`
}

/** As it may be typed again. @param commandLine what was typed after `photos` */
export function formatCommand(commandLine: readonly string[]): string {
  return formatWords(['photos', ...commandLine])
}
