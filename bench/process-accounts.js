// What the kernel keeps account of for a process: proc(5). Linux only.
import { readFileSync, writeFileSync } from 'node:fs'

/** Linux counts CPU time for user space in hundredths of a second, whatever the kernel's own tick (USER_HZ). */
const ticksPerSecond = 100

/** CPU seconds (user and system, all threads) of a running process. @param {number} processId */
export function cpuSecondsOf(processId) {
  const [userTicks, systemTicks] = statOf(processId)
  return (userTicks + systemTicks) / ticksPerSecond
}

/** CPU seconds of all the children (and theirs) that this process has waited for, as wait4(2) tells them. */
export function cpuSecondsOfEndedChildren() {
  const [, , userTicks, systemTicks] = statOf('self')
  return (userTicks + systemTicks) / ticksPerSecond
}

/** Fields 14 to 17: utime, stime, cutime, cstime. @param {number | 'self'} processId */
function statOf(processId) {
  // The second field is the command's name in parentheses and may hold anything.
  const fields = readFileSync(`/proc/${processId}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields.slice(11, 15).map(Number)
  return /** @type {const} */ ([user, system, childrenUser, childrenSystem])
}

/** The most memory that a process has had resident, in bytes; 0 once it has ended. @param {number} processId */
export function peakBytesOf(processId) {
  return numberIn(`/proc/${processId}/status`, /^VmHWM:\s+(\d+) kB$/m) * 1024
}

/** Lets the peak start anew from what is resident now. @param {number} processId */
export function forgetPeak(processId) {
  writeFileSync(`/proc/${processId}/clear_refs`, '5')
}

/** Bytes that a process has handed to write(2) and its like: files, pipes and sockets; 0 once it has ended. @param {number} processId */
export function bytesWrittenBy(processId) {
  return numberIn(`/proc/${processId}/io`, /^wchar: (\d+)$/m)
}

/** @param {string} path @param {RegExp} pattern */
function numberIn(path, pattern) {
  try {
    return Number(pattern.exec(readFileSync(path, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
