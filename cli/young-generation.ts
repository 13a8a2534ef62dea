import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Of both halves of it: larger ones gained nothing over a million files. */
const enoughBytes = 16 * 2 ** 20

/**
 * Keeps the memory of a run from growing with its length. V8 doubles its young generation whenever enough has outlived its
 * collections, which comes to pass in any long run, up to 32 MB in Node 20 and 128 MB in Node 24. How large it may become
 * cannot be set in a process that runs already; the growth can, and ends here once it is large enough to be collected seldom.
 */
export function boundYoungGeneration(): void {
  const observer = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
    if (young !== undefined && young.space_size < enoughBytes) return
    observer.disconnect()
    setFlagsFromString('--semi-space-growth-factor=1')
  })
  observer.observe({ entryTypes: ['gc'] })
}
