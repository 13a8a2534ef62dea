/** What a finished run means to scripts and cron. Stable; documented in docs/exit-codes.md. */
export const exitCodes = {
  done: 0,
  unexpected: 1,
  usage: 2,
  someFilesFailed: 3,
  sourceMissing: 4,
  remoteUnreachable: 5,
  noRemote: 10,
  locked: 11,
  notSignedIn: 12,
  storedBytesDiffer: 13,
  thawing: 14,
  clockWrong: 15,
  limitReached: 16,
  interrupted: 130,
  terminated: 143,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
