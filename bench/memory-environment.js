/** Environments of a `photos` whose memory is looked at. */
const teller = `--import=${new URL('memory-teller.js', import.meta.url)}`

/** It runs as it does for everybody, and says what it has when it is asked (`memory-teller.js`). */
export const tellingMemory = { NODE_OPTIONS: teller }

/**
 * The same without what is resident and not held, or is taken once: what glibc keeps of memory that is free between what is in
 * use (mallopt(3)), and V8 for its young objects and, for as long as something still is run more often, for code that it
 * compiles. In a watch that comes to some 4 MB of 25, more or less of them, and is no growth.
 */
export const keepingNothing = {
  NODE_OPTIONS: `--max-semi-space-size=1 --jitless ${teller}`,
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '0',
  MALLOC_MMAP_THRESHOLD_: '4096',
}
