import { homedir } from 'node:os'
import { isAbsolute, resolve } from 'node:path'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import type { Secrets } from '../schedule/job-secrets.ts'
import { listenerVariables } from '../unattended/listener-variables.ts'

/** Where things are, beside the variables of the flags. None of these is a secret. */
const placeVariables = ['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'NODE_EXTRA_CA_CERTS']
/** Said in the command itself, or not for a schedule. */
const leftOut = ['PHOTOS_DRY_RUN', 'PHOTOS_LIBRARY', 'PHOTOS_PROFILE']

export interface CarriedVariables {
  readonly variables: Readonly<Record<string, string>>
  readonly secrets: Secrets
}

/**
 * The variables that are set now and would change what a command does. The home is among them also where another user runs it,
 * as the scheduler of a NAS may: what is remembered, and who is signed in, lies below it.
 */
export function carriedVariables(command: Command, { environment }: Context): CarriedVariables {
  const ofFlags = command.options.flatMap(({ envVar, flags }): [string, string][] => {
    const value = envVar === undefined || leftOut.includes(envVar) ? undefined : environment[envVar]
    if (envVar === undefined || value === undefined || value === '') return []
    return [[envVar, isPath(flags) ? wholePath(value) : value]]
  })
  const places = placeVariables.flatMap((name): [string, string][] => {
    const value = environment[name] ?? ''
    // A relative one of XDG's is to be ignored.
    if (value === '' || (name.startsWith('XDG_') && !isAbsolute(value))) return []
    return [[name, resolve(value)]]
  })
  const isSecret = ([name]: readonly [string, string]): boolean => listenerVariables.includes(name)
  return {
    variables: Object.fromEntries([
      ['HOME', environment['HOME'] || homedir()],
      ...ofFlags.filter((pair) => !isSecret(pair)),
      ...places,
    ]),
    secrets: Object.fromEntries(ofFlags.filter(isSecret).map(([name, value]) => [name, { value, saidBy: name }])),
  }
}

export function isPath(flags: string): boolean {
  return /<(dir|file)/.test(flags)
}

/** `-` is standard input. */
export function wholePath(path: string): string {
  return path === '-' ? path : resolve(path)
}
