import { DeployFailure, UsageFailure } from './deploy-failure.js'

/**
 * Runs a script to its end, tells in words what a person can mend, and sets the exit code: 0 done, 1 not done, 2 the command line is
 * wrong. A bug is thrown on, with its stack trace.
 * @param {(words: readonly string[]) => Promise<void>} script
 */
export async function runScript(script) {
  try {
    await script(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof DeployFailure)) throw error
    process.stderr.write(`\n${error.message}\n${error.next.replaceAll(/^/gm, '  ')}\n`)
    process.exitCode = error instanceof UsageFailure ? 2 : 1
  }
}
