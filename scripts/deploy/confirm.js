import { createInterface } from 'node:readline/promises'
import { UsageFailure } from './deploy-failure.js'

/**
 * Asks a question that Enter answers with no. Throws a `UsageFailure` where nobody is there to answer, so that a script never
 * changes an account because of a pipe that happened to say `y`.
 * @param {string} question
 * @param {{ yes: boolean }} options
 */
export async function confirm(question, { yes }) {
  if (yes) return true
  if (!process.stdin.isTTY) {
    const next = (/** @type {import('./commands.js').Commands} */ { again }) => `${again({ yes: true })}  does it without asking`
    throw new UsageFailure('there is no terminal to ask on whether this is right', next)
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  // Ctrl-C, and a terminal that goes away, are a no as well.
  const closed = new Promise((resolve) => terminal.once('close', () => resolve('')))
  try {
    return /^y(es)?$/i.test(String(await Promise.race([terminal.question(`${question} [y/N] `), closed])).trim())
  } finally {
    terminal.close()
  }
}
