import type { LogEntry } from './backend.ts'

/** CloudWatch takes what a function prints, a line an entry. */
export function writeLogLine(entry: LogEntry): void {
  process.stdout.write(`${JSON.stringify(entry)}\n`)
}
