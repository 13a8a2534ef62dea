import { signInDevice, type Tokens } from './device-grant.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'

/** A library with two accounts, each signed in on a device of its own. */
export interface TwoOwners {
  readonly served: ServedAccounts
  readonly alice: Tokens
  readonly bob: Tokens
}

/** For the tests of a file to share, which close what is served. */
export async function serveTwoOwners(): Promise<TwoOwners> {
  const served = await serveAccounts()
  return { served, alice: await signInDevice(served, served.alice), bob: await signInDevice(served, served.bob) }
}
