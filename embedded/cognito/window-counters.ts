/** So many are remembered; beyond it the oldest are forgotten, so that strangers cannot fill the memory. */
const maximumCounters = 20_000

/** Counts by name what happens within windows of time that begin with the first of it. */
export interface WindowCounters {
  /** How many it is with this one. */
  add(name: string): number
  /** One of them was none. */
  takeBack(name: string): void
  forget(name: string): void
}

interface Counter {
  readonly windowEnds: number
  count: number
}

export function createWindowCounters(windowMs: number, now: () => Date): WindowCounters {
  const counters = new Map<string, Counter>()
  return {
    add(name) {
      const time = now().getTime()
      const known = counters.get(name)
      const counter = known !== undefined && known.windowEnds > time ? known : { windowEnds: time + windowMs, count: 0 }
      counters.delete(name)
      counters.set(name, counter)
      const [oldest] = counters.keys()
      if (counters.size > maximumCounters && oldest !== undefined) counters.delete(oldest)
      counter.count += 1
      return counter.count
    },
    takeBack(name) {
      const counter = counters.get(name)
      if (counter !== undefined && counter.count > 0) counter.count -= 1
    },
    forget(name) {
      counters.delete(name)
    },
  }
}
