import { onTestFinished } from 'vitest'
import { openHttpRemote } from '../../cli/remote/http-remote.ts'
import type { Remote } from '../../cli/remote/remote.ts'
import { createTransport, type Transport } from '../../cli/remote/transport.ts'
import type { Session } from '../../cli/session/session.ts'
import { type Owner, ownerSchema } from '../../contract/owner.ts'
import { openIssuer } from '../../embedded/issuer.ts'
import { type EmbeddedBackend, type EmbeddedOptions, serveLibrary } from '../../embedded/serve.ts'
import type { LogEntry } from '../../lambda/log.ts'

export interface LibraryInTest {
  readonly backend: EmbeddedBackend
  /** For the library's own user. */
  readonly session: Session
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
  const session = {
    owner: backend.identity.owner,
    accessToken: () => backend.accessToken(),
    idToken: () => backend.idToken(),
  }
  const remote = await openHttpRemote({ url: backend.url, session, transport })
  return { backend, session, remote, transport, logged, close }
}

/** A session as the issuer would give it to this user. @param now of the tokens; that of the machine unless told */
export async function sessionOf(owner: string, { backend }: LibraryInTest, now = () => new Date()): Promise<Session> {
  const issuer = await openIssuer(backend.identity)
  const subject: { readonly owner: Owner } = { owner: ownerSchema.parse(owner) }
  return {
    ...subject,
    accessToken: () => issuer.issueAccessToken(subject, now()),
    idToken: () => issuer.issueIdToken(subject, now()),
  }
}

/** An access token as the issuer would give it to this user. */
export async function accessTokenOf(owner: string, library: LibraryInTest): Promise<string> {
  return await (await sessionOf(owner, library)).accessToken()
}

/** The same backend as another user sees it. */
export async function openRemoteOf(owner: string, library: LibraryInTest): Promise<Remote> {
  const session = await sessionOf(owner, library)
  return await openHttpRemote({ url: library.backend.url, session, transport: library.transport })
}
