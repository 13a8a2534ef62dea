import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { serveLibrary } from '../embedded/serve.ts'

// The backend of a benchmark: what `photos serve` runs, and one more bucket for the client that is compared.
const [folder = '', bench = ''] = process.argv.slice(2)
const backend = await serveLibrary({
  folder,
  buckets: { bench },
  log: (entry) => process.stderr.write(`${JSON.stringify(entry)}\n`),
})

// Whoever has started this process may ask how many requests there were, of whatever kind.
let requests = 0
subscribe('http.server.request.start', () => {
  requests += 1
})
process.on('message', () => process.send?.(requests))

process.stdout.write(`${backend.url}\n`)
await once(process, 'SIGTERM')
await backend.close()
process.disconnect() // what is listened to keeps a process
