/** What of the bytes that were written has arrived, as far as can be told before there is an answer. */
export interface Arrival {
  /** Begins an attempt. What it returns hears of the bytes that are written, and passes them on. */
  listen(onLife: () => void, onMoved: ((bytes: number) => void) | undefined): (bytes: number) => void
  /** Whether more arrived than in any attempt before, or much of it again, a few times, after an outage that made it begin anew. */
  hasAdvanced(): boolean
}

/** The kernel takes so much without the other side's doing (the default of Linux's `tcp_wmem`, tcp(7)); what comes after has made room. */
const unacknowledgedBytes = 4 * 1024 * 1024
/** Less is no progress: a wire that breaks a little later each time would be tried for ever. */
const leastAdvanceBytes = 1024 * 1024

/** So often an attempt that got less far than one before counts as well. */
const mostSetbacks = 3

/** Follows the attempts at one upload, each of which begins at the first byte. */
export function followArrival(): Arrival {
  let written = 0
  let mostBefore = 0
  let setbacks = 0
  return {
    listen(onLife, onMoved) {
      written = 0
      return (bytes) => {
        // What is negative says that all of it was in vain; it had arrived all the same.
        if (bytes > 0) written += bytes
        if (bytes > 0 && written > unacknowledgedBytes) onLife()
        onMoved?.(bytes)
      }
    },
    hasAdvanced() {
      const arrived = Math.max(0, written - unacknowledgedBytes)
      if (arrived < leastAdvanceBytes) return false
      if (arrived >= mostBefore + leastAdvanceBytes) mostBefore = arrived
      else setbacks += 1
      return setbacks <= mostSetbacks
    },
  }
}
