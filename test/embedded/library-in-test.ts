import { importJWK, SignJWT } from 'jose'
import { onTestFinished } from 'vitest'
import { openHttpRemote } from '../../cli/remote/http-remote.ts'
import type { Remote } from '../../cli/remote/remote.ts'
import { createTransport, type Transport } from '../../cli/remote/transport.ts'
import { accessScope } from '../../contract/remote-configuration.ts'
import { issuerUrlOf } from '../../embedded/issuer.ts'
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

/** An access token as the issuer would give it to this user. */
export async function accessTokenOf(owner: string, { backend }: LibraryInTest): Promise<string> {
  const { issuerKey } = backend.identity
  return await new SignJWT({ client_id: 'photos-cli', token_use: 'access', scope: accessScope })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(issuerUrlOf(backend.identity))
    .setSubject(owner)
    .setExpirationTime('1h')
    .sign(await importJWK(issuerKey, 'ES256'))
}

/** The same backend as another user sees it. */
export async function openRemoteOf(owner: string, library: LibraryInTest): Promise<Remote> {
  const accessToken = () => accessTokenOf(owner, library)
  return await openHttpRemote({ url: library.backend.url, accessToken, transport: library.transport })
}
