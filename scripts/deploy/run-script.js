import { commandsOf } from './commands.js'
import { DeployFailure, nextOf, UsageFailure } from './deploy-failure.js'
import { say, wrapFor } from './tell.js'

/** @typedef {import('./command-line.js').CommandLine} CommandLine */

/**
 * Runs a script to its end, tells in words what a person can mend, and sets the exit code: 0 done, 1 not done, 2 the command line
 * is wrong. A bug is thrown on, with its stack trace.
 * @param {CommandLine['script']} script
 * @param {{ help: string, parse: (words: readonly string[]) => CommandLine, run: (line: CommandLine) => Promise<void> }} parts
 */
export async function runScript(script, { help, parse, run }) {
  /** @type {import('./commands.js').Typed} */
  let typed = { script }
  try {
    const line = parse(process.argv.slice(2))
    typed = line
    if (line.help) process.stdout.write(wrapFor(process.stdout, help))
    else await run(line)
  } catch (error) {
    if (!(error instanceof DeployFailure)) throw error
    say(`\n${error.message}\n${nextOf(error.next, commandsOf(typed)).replaceAll(/^/gm, '  ')}`)
    process.exitCode = error instanceof UsageFailure ? 2 : 1
  }
}
