import { once } from 'node:events'
import { serveLibrary } from '../embedded/serve.ts'

// The backend of a benchmark: what `photos serve` runs, and one more bucket for the client that is compared.
const [folder = '', bench = ''] = process.argv.slice(2)
const backend = await serveLibrary({
  folder,
  buckets: { bench },
  log: (entry) => process.stderr.write(`${JSON.stringify(entry)}\n`),
})
process.stdout.write(`${backend.url}\n`)
await once(process, 'SIGTERM')
await backend.close()
