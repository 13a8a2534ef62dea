/** What a run has done and what it has yet to do, as far as it is known. */
export interface Work {
  readonly bytesLeft: number
  readonly filesLeft: number
  /** Those that took work: what was done without a look says nothing about how long the others take. */
  readonly bytesWorked: number
  readonly filesWorked: number
  /** Since the start. */
  readonly seconds: number
  /** From the start until the last of them was done: while a large one is sent, the pace of the others does not change. */
  readonly secondsToLastFile: number
  /** Of the bytes that are left, those of which it is known that they must be sent. To read others takes a hundredth of the time. */
  readonly bytesToSend: number
  readonly bytesSent: number
  /** Since it was known of the first. */
  readonly secondsSending: number
}

/** How long the rest takes at the pace of what is done, in seconds; undefined while nothing is. */
export function findSecondsLeft(work: Work): number | undefined {
  // A file is done only once it is confirmed, which takes its time after the bytes.
  const files = secondsFor(work.filesLeft, work.filesWorked, work.secondsToLastFile)
  if (work.bytesToSend === 0) return longest(secondsFor(work.bytesLeft, work.bytesWorked, work.seconds), files)
  const sending = secondsFor(work.bytesToSend, work.bytesSent, work.secondsSending)
  const others = secondsFor(work.bytesLeft - work.bytesToSend, work.bytesWorked, work.seconds) ?? 0
  return sending === undefined ? undefined : longest(sending + others, files)
}

function secondsFor(left: number, done: number, seconds: number): number | undefined {
  return done <= 0 ? undefined : (Math.max(0, left) * seconds) / done
}

function longest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Math.max(one, other)
}
