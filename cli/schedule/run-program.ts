import { spawn } from 'node:child_process'
import type { Context } from '../context.ts'
import { errorCode } from '../error-code.ts'

/** How a program of the system ended. */
export interface Ended {
  /** 127 where there is no such program, and 126 where this user may not execute it, as in a shell. */
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export type RunProgram = (command: readonly string[], input?: string) => Promise<Ended>

/** By the code of what the system says of a program that it does not start. */
const refusals: ReadonlyMap<string, { readonly exitCode: number; readonly trouble: string }> = new Map([
  ['ENOENT', { exitCode: 127, trouble: 'is not there' }],
  ['EACCES', { exitCode: 126, trouble: 'may not be run by this user' }],
])

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
        const refused = refusals.get(errorCode(error) ?? '')
        if (refused === undefined) reject(error)
        else resolve({ exitCode: refused.exitCode, stdout: '', stderr: `${program} ${refused.trouble}` })
      })
      child.on('close', (exitCode) => resolve({ exitCode: exitCode ?? 1, ...said }))
      child.stdin.on('error', () => {}) // one that reads nothing may be gone before it is told
      child.stdin.end(input)
    })
}
