// For `node --import`: each time the process gets SIGUSR2, it says what memory it has once all garbage is gone, as
// `MEMORY COUNT: HELD RESIDENT YOUNG END` in bytes. Held is what objects take, and what hangs on them; young is what is resident
// for young objects, of which there are none at that moment: as much of it as V8 has taken and not given back yet.
import { readFileSync } from 'node:fs'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
let asked = 0

process.on('SIGUSR2', () => {
  for (let time = 0; time < 3; time += 1) collect()
  const { heapUsed, external } = process.memoryUsage()
  asked += 1
  process.stderr.write(`MEMORY ${asked}: ${heapUsed + external} ${residentBytes()} ${youngBytes()} END\n`)
})

/** Pages of the program itself are no memory of what runs, and the system maps them and takes them away as it likes. */
function residentBytes() {
  try {
    return 1024 * Number(/RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1])
  } catch {
    return process.memoryUsage().rss
  }
}

function youngBytes() {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.physical_space_size ?? 0
}
