import { join } from 'node:path'
import { type LibraryInTest, openLibraryInTest } from '../embedded/library-in-test.ts'
import { ask } from '../embedded/request.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { type Fault, startFaultProxy } from './fault-proxy.ts'

/** The backend at the far end of a wire of one's own. */
export interface World {
  readonly folder: string
  readonly library: LibraryInTest
  readonly url: string
  onRequest: () => Fault
  /** Resolves when whatever has been sent to the backend, over the wire or past it, has come to its end there. */
  settled(): Promise<void>
}

/** One backend, and so many wires to it. */
export async function openWorlds(count: number): Promise<readonly World[]> {
  const folder = await temporaryFolder()
  const library = await openLibraryInTest(join(folder, 'library'))
  const { backend } = library
  return await Promise.all(
    Array.from({ length: count }, async () => {
      const wire = { onRequest: (): Fault => undefined }
      const proxy = await startFaultProxy(backend.url, backend.identity, () => wire.onRequest())
      const settled = async (): Promise<void> => {
        await passBy(proxy.url)
        await proxy.settled()
        await passBy(backend.url)
        await backend.whenIdle()
      }
      return Object.assign(wire, { folder, library, url: proxy.url, settled })
    }),
  )
}

/** What was written to a socket before this connection was made is read before this is answered. */
async function passBy(url: string): Promise<void> {
  await ask(`${url}/.well-known/jwks.json`)
}
