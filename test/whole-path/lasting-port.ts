import { createServer } from 'node:net'

/** Systems hand out higher ones to connections on their own account, so that a server could not come back to the same one. */
const lastPort = 32_000
const firstPort = 12_000

/** A free port of this machine that stays free when its server is away for a moment. */
export async function findLastingPort(): Promise<number> {
  for (;;) {
    const port = firstPort + Math.floor(Math.random() * (lastPort - firstPort))
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
