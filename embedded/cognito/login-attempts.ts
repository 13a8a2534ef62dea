import { createHash } from 'node:crypto'
import { unknownAddress } from '../../lambda/auth/client-address.ts'
import { emailKey } from '../accounts.ts'
import { createWindowCounters } from './window-counters.ts'

/** Attempts are counted in windows of a quarter of an hour. */
const windowMs = 15 * 60 * 1000
/** Of one network at one account. */
const maximumPerPair = 10
/** Of all networks at one account. */
const maximumPerAccount = 100
/** Of one network at all accounts. */
const maximumPerNetwork = 40

/** A network from which an account has signed in is known for so long, as long as this process runs. */
const knownMs = 30 * 24 * 60 * 60 * 1000
const maximumKnown = 10_000

/**
 * How often a password may be guessed, by account (also one that is not there) and by where the guesses come from. Who
 * guesses elsewhere cannot lock people out where they have signed in before: the limit of the account is not for these.
 */
export interface LoginAttempts {
  /** Counts one more, before it is made. False: it may not be made. */
  count(email: string, network: string): boolean
  /** The password was right: what was tried there before were typing errors. */
  succeed(email: string, network: string): void
}

export function createLoginAttempts(now: () => Date): LoginAttempts {
  const counters = createWindowCounters(windowMs, now)
  const knownUntil = new Map<string, number>()

  const namesOf = (email: string, network: string) => {
    // What is typed may be long, and is nobody's business in a memory dump.
    const account = createHash('sha256').update(emailKey(email)).digest('base64url')
    return { account: `account ${account}`, network: `network ${network}`, pair: `${account} at ${network}` }
  }

  const isKnown = ({ pair }: { readonly pair: string }) => (knownUntil.get(pair) ?? 0) > now().getTime()

  return {
    count(email, network) {
      const names = namesOf(email, network)
      // Neither a place of its own nor one where somebody is known: everybody is there who comes through a proxy.
      if (network === unknownAddress) return counters.add(names.account) <= maximumPerAccount
      // In this order: whoever has no attempts left uses up nobody else's.
      if (counters.add(names.network) > maximumPerNetwork) return false
      if (isKnown(names)) return true
      return counters.add(names.pair) <= maximumPerPair && counters.add(names.account) <= maximumPerAccount
    },

    succeed(email, network) {
      const names = namesOf(email, network)
      counters.forget(names.pair)
      counters.takeBack(names.network)
      if (!isKnown(names)) counters.takeBack(names.account)
      if (network === unknownAddress) return
      knownUntil.delete(names.pair)
      knownUntil.set(names.pair, now().getTime() + knownMs)
      const [oldest] = knownUntil.keys()
      if (knownUntil.size > maximumKnown && oldest !== undefined) knownUntil.delete(oldest)
    },
  }
}
