import { emailKey } from '../accounts.ts'

/** Attempts are counted in windows of a quarter of an hour. */
const windowMs = 15 * 60 * 1000
const maximumPerAccount = 10
const maximumPerNetwork = 40

/** So many are remembered; beyond it the oldest are forgotten, so that strangers cannot fill the memory. */
const maximumCounters = 20_000

/** How often a password may be guessed, by account (also one that is not there) and by where the guesses come from. */
export interface LoginAttempts {
  /** Counts one more, before it is made. False: it may not be made. */
  count(email: string, network: string): boolean
  /** The password was right: the account's earlier attempts were typing errors. */
  forget(email: string): void
}

interface Counter {
  readonly windowEnds: number
  attempts: number
}

export function createLoginAttempts(now: () => Date): LoginAttempts {
  const counters = new Map<string, Counter>()

  const countOne = (key: string): number => {
    const time = now().getTime()
    const known = counters.get(key)
    const counter = known !== undefined && known.windowEnds > time ? known : { windowEnds: time + windowMs, attempts: 0 }
    counters.delete(key)
    counters.set(key, counter)
    const [oldest] = counters.keys()
    if (counters.size > maximumCounters && oldest !== undefined) counters.delete(oldest)
    counter.attempts += 1
    return counter.attempts
  }

  return {
    count(email, network) {
      const byNetwork = countOne(`network ${network}`)
      // A network that has no attempts left cannot lock others out of their accounts.
      return byNetwork <= maximumPerNetwork && countOne(`account ${emailKey(email)}`) <= maximumPerAccount
    },
    forget(email) {
      counters.delete(`account ${emailKey(email)}`)
    },
  }
}
