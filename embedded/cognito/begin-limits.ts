import { unknownAddress } from '../../lambda/auth/client-address.ts'
import { createWindowCounters } from './window-counters.ts'

/** Sign-ins are counted in windows of ten minutes, as where devices begin them. */
export const beginWindowSeconds = 10 * 60
const maximumPerNetwork = 60
/** What is begun is kept for a quarter of an hour: this many are some megabytes. */
const maximumOfAll = 10_000

/** In characters. RFC 7636 has the longest value that means something here: a code challenge of 43. */
const maximumParameterLength = 512
const maximumParameters = 24

/** Anybody may begin a sign-in, and each one is written down until it expires. */
export interface BeginLimits {
  /** Counts one more that a network begins. False: it may not. */
  count(network: string): boolean
}

export function createBeginLimits(now: () => Date): BeginLimits {
  const counters = createWindowCounters(beginWindowSeconds * 1000, now)
  return {
    // A network that may begin none any more does not keep others from it.
    count: (network) =>
      (network === unknownAddress || counters.add(`network ${network}`) <= maximumPerNetwork) &&
      counters.add('all') <= maximumOfAll,
  }
}

/** Whether a request to sign in is as short as any that means something. */
export function isShortEnough(url: string): boolean {
  const parameters = [...new URLSearchParams(url.split('?').slice(1).join('?'))]
  return (
    parameters.length <= maximumParameters && parameters.every((parameter) => parameter.join('').length <= maximumParameterLength)
  )
}
