import type { Context } from '../context.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { isTerminal, openHiddenInput } from './hidden-input.ts'
import { readPasswordLine } from './password-line.ts'

/**
 * A new password: asked for twice on a terminal, without being shown; one line of standard input where that is none.
 * `parse` says by a `UserError` what is wrong with one; what it returns is compared.
 */
export async function askNewPassword(
  question: string,
  parse: (typed: string) => string,
  { stdin, stderr, signal }: Pick<Context, 'stdin' | 'stderr' | 'signal'>,
): Promise<string> {
  if (!isTerminal(stdin)) {
    // Without a word, `ssh nas photos users add …` would seem to hang.
    stderr.write('reading the password from standard input, which is not a terminal\n')
    return parse(await readPasswordLine(stdin, signal))
  }
  using input = openHiddenInput(stdin, stderr, signal)
  const password = parse(await input.ask(question))
  if (parse(await input.ask('The same again: ')) === password) return password
  throw new UserError('the two passwords differ', { exitCode: exitCodes.usage, hint: 'run the same command again' })
}
