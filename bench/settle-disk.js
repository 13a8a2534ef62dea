import { execFileSync } from 'node:child_process'

/** Writes out what the run before has left to be written, so that the next one does not wait for it. */
export function settleDisk() {
  execFileSync('sync')
}
