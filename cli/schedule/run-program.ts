import { spawn } from 'node:child_process'
import type { Context } from '../context.ts'
import { errorCode } from '../error-code.ts'

/** How a program of the system ended. */
export interface Ended {
  /** 127 where there is no such program, as in a shell. */
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export type RunProgram = (command: readonly string[], input?: string) => Promise<Ended>

/** Runs small programs of the system, whose words are read: in their own English. */
export function programRunner({ environment, signal }: Pick<Context, 'environment' | 'signal'>): RunProgram {
  return (command, input = '') =>
    new Promise((resolve, reject) => {
      const [program = '', ...rest] = command
      const child = spawn(program, rest, { env: { ...environment, LC_ALL: 'C' }, signal })
      const said = { stdout: '', stderr: '' }
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].setEncoding('utf8').on('data', (text: string) => {
          said[name] += text
        })
      }
      child.on('error', (error) => {
        if (errorCode(error) === 'ENOENT') resolve({ exitCode: 127, stdout: '', stderr: `${program} is not there` })
        else reject(error)
      })
      child.on('close', (exitCode) => resolve({ exitCode: exitCode ?? 1, ...said }))
      child.stdin.on('error', () => {}) // one that reads nothing may be gone before it is told
      child.stdin.end(input)
    })
}
