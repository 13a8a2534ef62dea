import { errorCode } from '../cli/error-code.ts'

/** Whether a process of this machine runs, whoever's it is. */
export function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0) // sends nothing
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}
