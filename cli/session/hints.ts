import { defaultProfileName } from './profile-name.ts'

/*
 * Commands that a person is told to type. All are made here, so that none forgets whose session it is about: typed as it
 * stands, `photos logout --all-devices` for another profile than the default one would end another account's sessions.
 */

/** A command for a profile. @param words what stands after `photos`, as in `devices revoke ID` */
export function commandFor(profileName: string, words: string): string {
  return `photos ${words}${profileName === defaultProfileName ? '' : ` --profile ${profileName}`}`
}

export interface LoginAddress {
  readonly url: string
  /** Whether it was said that `http` will do. */
  readonly insecureHttp: boolean
}

/** What to type to sign in. Without an address the command says `URL` in its place. */
export function loginCommand(profileName: string, address?: LoginAddress): string {
  const command = commandFor(profileName, `login ${address?.url ?? 'URL'}`)
  return address?.insecureHttp ? `${command} --insecure-http` : command
}
