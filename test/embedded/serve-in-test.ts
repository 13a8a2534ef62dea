import { onTestFinished } from 'vitest'
import { type EmbeddedBackend, type EmbeddedOptions, serveLibrary } from '../../embedded/serve.ts'

/** The embedded backend alone, also at an address that the CLI's client would not trust. Closed when the test has finished, if not before. */
export async function serveInTest(folder: string, options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedBackend> {
  const backend = await serveLibrary({ folder, log: () => {}, ...options })
  let closed: Promise<void> | undefined
  const close = () => (closed ??= backend.close())
  onTestFinished(close)
  return { ...backend, close }
}
