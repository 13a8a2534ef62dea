import { get, type IncomingMessage } from 'node:http'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { readBody } from '../remote/transport.ts'
import type { OpenedLibrary } from './open-library.ts'

export interface AskOptions {
  /** So long an answer is waited for. */
  readonly patienceMs: () => number
  readonly signal: AbortSignal
}

/** The library as another process serves it; undefined where none does. Nobody else's process gets to see a token. */
export async function findServed(folder: string, options: AskOptions): Promise<OpenedLibrary | undefined> {
  const { findServing } = await import('../../embedded/serving.ts')
  const serving = await findServing(folder)
  if (serving === undefined) return undefined
  const [{ findLibrary }, { openIssuer }, { challengeLibrary }] = await Promise.all([
    import('../../embedded/library.ts'),
    import('../../embedded/issuer.ts'),
    import('../../embedded/library-proof.ts'),
  ])
  // A damaged library is told when it is opened.
  const identity = await findLibrary(folder).catch(() => undefined)
  if (identity === undefined) return undefined
  const challenge = challengeLibrary(identity, serving.url)
  if (!challenge.isProvenBy(await askAt(new URL(challenge.path, serving.url), options))) return undefined
  const issuer = await openIssuer(identity)
  return {
    url: serving.url,
    owner: identity.owner,
    accessToken: () => issuer.issueAccessToken(identity, new Date()),
    idToken: () => issuer.issueIdToken(identity, new Date()),
    whenUnreachable: (cause) => noLongerServed(folder, cause),
    close: async () => {},
  }
}

function noLongerServed(folder: string, cause: unknown): UserError {
  const hint = 'run the same command again: it then opens the library itself; nothing is lost'
  return new UserError(`the photos serve (or other run) that had the library ${folder} open has ended`, {
    exitCode: exitCodes.remoteUnreachable,
    hint,
    cause,
  })
}

const longestAnswerBytes = 1024

/** What is answered there, where anybody may listen by now; empty where nobody does, or not in time. */
async function askAt(url: URL, { patienceMs, signal }: AskOptions): Promise<string> {
  const ending = AbortSignal.any([signal, AbortSignal.timeout(patienceMs())])
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { agent: false, signal: ending }, resolve).on('error', reject)
    })
    return (await readBody(response, longestAnswerBytes)).toString()
  } catch {
    signal.throwIfAborted()
    return ''
  }
}
