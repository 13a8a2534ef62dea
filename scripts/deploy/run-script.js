import { commandsOf } from './commands.js'
import { DeployFailure, nextOf, UsageFailure } from './deploy-failure.js'
import { say, wrapFor } from './tell.js'

/**
 * What a command line of a person is about.
 * @typedef {object} Script
 * @property {import('./command-line.js').CommandLine['script']} name
 * @property {string} help
 * @property {(words: readonly string[]) => import('./command-line.js').CommandLine} parse
 * @property {(line: import('./command-line.js').CommandLine) => Promise<void>} run what goes wrong is a `DeployFailure`, or a bug
 */

/**
 * Runs a script to its end, tells in words what a person can mend, and gives back the exit code: 0 done, 1 not done, 2 the command
 * line is wrong. A bug is thrown on, with its stack trace.
 * @param {Script} script
 * @param {readonly string[]} words of the command line
 */
export async function runScript({ name, help, parse, run }, words) {
  /** @type {import('./commands.js').Typed} */
  let typed = { script: name }
  try {
    const line = parse(words)
    typed = line
    if (line.help) process.stdout.write(wrapFor(process.stdout, help))
    else await run(line)
    return 0
  } catch (error) {
    if (!(error instanceof DeployFailure)) throw error
    say(`\n${error.message}\n${nextOf(error.next, commandsOf(typed)).replaceAll(/^/gm, '  ')}`)
    return error instanceof UsageFailure ? 2 : 1
  }
}
