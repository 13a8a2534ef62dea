import { exitCodes } from './exit-codes.ts'
import { Interruption } from './interruption.ts'
import { run } from './program.ts'
import { formatBug } from './terminal/visible.ts'
import { boundYoungGeneration } from './young-generation.ts'

boundYoungGeneration()

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const stopping = new AbortController()
for (const signal of stopSignals) process.on(signal, stop)

/**
 * The first signal ends the run tidily; a second one then finds no listener and ends the process. But for SIGHUP, which comes
 * from no person: a session that ends sends it right behind another one.
 */
function stop(signal: (typeof stopSignals)[number]): void {
  for (const each of stopSignals) process.off(each, stop)
  process.on('SIGHUP', () => {})
  stopping.abort(new Interruption(signal))
}

// A reader that has gone away, such as `| head`, wants to hear no more. That is no error, and no reason to stop a backup.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return
  const words = /^[A-Z]+: ([^,]+),/.exec(error.message)?.[1] ?? error.message
  process.stderr.write(`photos: standard output cannot be written: ${words}\n`)
  process.exit(exitCodes.unexpected) // a script that reads the results would take half of them for all
})

// Nobody is left to be told.
process.stderr.on('error', () => {})

// A bug, wherever it is thrown. What it says may be a remote's words.
process.on('uncaughtException', (error) => {
  process.stderr.write(`${formatBug(error)}\n`)
  process.exit(exitCodes.unexpected)
})

process.exitCode = await run(process.argv.slice(2), {
  // Opened only by who reads it.
  get stdin() {
    return process.stdin
  },
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  now: () => new Date(),
  signal: stopping.signal,
})
