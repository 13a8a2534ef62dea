import { type ExitCode, exitCodes } from './exit-codes.ts'

/** Why a run was aborted: the user or the system asked for it. */
export class Interruption extends Error {
  override readonly name = 'Interruption'
  readonly exitCode: ExitCode

  /** @param signal the terminal that goes away (SIGHUP) asks as the system does */
  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`stopped by ${signal}`)
    this.exitCode = signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated
  }
}
