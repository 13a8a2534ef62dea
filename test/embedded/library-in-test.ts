import { onTestFinished } from 'vitest'
import { openHttpRemote } from '../../cli/remote/http-remote.ts'
import type { Remote } from '../../cli/remote/remote.ts'
import { createTransport, type Transport } from '../../cli/remote/transport.ts'
import { type EmbeddedBackend, type EmbeddedOptions, serveLibrary } from '../../embedded/serve.ts'
import type { LogEntry } from '../../lambda/backend.ts'

export interface LibraryInTest {
  readonly backend: EmbeddedBackend
  readonly remote: Remote
  readonly transport: Transport
  readonly logged: readonly LogEntry[]
  /** Also called when the test has finished. */
  close(): Promise<void>
}

/** The embedded backend in this process, and a client of it. */
export async function openLibraryInTest(folder: string, options: Partial<EmbeddedOptions> = {}): Promise<LibraryInTest> {
  const logged: LogEntry[] = []
  const backend = await serveLibrary({ folder, log: (entry) => logged.push(entry), ...options })
  const transport = createTransport()
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= Promise.resolve(transport.close()).then(() => backend.close())
    return closed
  }
  onTestFinished(close)
  const remote = await openHttpRemote({ url: backend.url, accessToken: () => backend.accessToken(), transport })
  return { backend, remote, transport, logged, close }
}
