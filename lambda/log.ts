/** One JSON line for the operator. Never given a token, a code, a URL or a name. */
export interface LogEntry {
  readonly level: 'info' | 'error'
  readonly event: string
  readonly [detail: string]: unknown
}

/** CloudWatch takes what a function prints, a line an entry. */
export function writeLogLine(entry: LogEntry): void {
  process.stdout.write(`${JSON.stringify(entry)}\n`)
}
