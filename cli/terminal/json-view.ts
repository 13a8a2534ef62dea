import { createJsonPrinter, fileMessage, leftOutMessage, noteMessage, problemMessage, statusMessage } from './json-messages.ts'
import type { RunView, RunViewOptions } from './run-view.ts'
import { formatStop } from './stop-line.ts'
import { summaryMessage } from './summary.ts'

const statusIntervalMs = 1000

/** JSON lines for scripts. */
export function createJsonView({ stdout, stderr, now }: RunViewOptions): RunView {
  const print = createJsonPrinter(stdout)
  const note = (message: string): void => print(noteMessage(message))
  let lastMs = now()
  return {
    file: (outcome) => print(fileMessage(outcome)),
    leftOut: (event) => print(leftOutMessage(event)),
    note,
    urgentNote: note,
    problem: (message) => print(problemMessage(message)),
    progress(progress) {
      if (now() - lastMs < statusIntervalMs) return
      lastMs = now()
      print(statusMessage(progress))
    },
    finish: (summary) => print(summaryMessage(summary)),
    stop(summary, cause) {
      const { message, hint, exitCode } = cause
      if (hint === undefined) stderr.write(formatStop(summary, cause))
      else print(problemMessage(message, { hint, exitCode }))
      print(summaryMessage(summary))
    },
    close: () => {},
  }
}
