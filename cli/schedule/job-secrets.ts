import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { jobId, type Step } from './scheduler.ts'

/** The value of a variable that nobody else may see. */
export interface Secret {
  readonly value: string
  /** The flag that was typed, or the variable that was set. */
  readonly saidBy: string
}

/** By the names of the variables. */
export type Secrets = Readonly<Record<string, Secret>>

/** A file with mode 0600 that Node reads at the start of a job. */
export function secretsPath(folder: string, jobName: string): string {
  return join(folder, `${jobId(jobName)}.env`)
}

/** What is given to Node. */
export function secretsOption(path: string, secrets: Secrets): readonly string[] {
  return Object.keys(secrets).length === 0 ? [] : [`--env-file=${path}`]
}

/** Writes the file of a job, or deletes one that an earlier job of this name had. */
export function planSecrets(path: string, secrets: Secrets): readonly Step[] {
  const names = Object.keys(secrets)
  if (names.length === 0) return existsSync(path) ? [{ kind: 'delete', path }] : []
  const text = Object.entries(secrets)
    .map(([name, secret]) => `${name}=${quoted(secret)}\n`)
    .join('')
  return [{ kind: 'write', path, text, shown: names.map((name) => `${name}=… (not shown)\n`).join('') }]
}

/** Source: Node's documentation, "Environment variables: .env". Such a file knows no escapes. */
function quoted({ value, saidBy }: Secret): string {
  const quote = ["'", '`', '"'].find((mark) => !value.includes(mark) && !(mark === '"' && value.includes('\\')))
  if (quote !== undefined) return `${quote}${value}${quote}`
  throw new UserError(`what ${saidBy} says has quotes of all kinds in it`, {
    exitCode: exitCodes.usage,
    hint: 'put the command into a script of your own, and name that',
  })
}
