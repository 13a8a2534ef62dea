import { createHmac, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isSame } from './is-same.ts'
import type { LibraryIdentity } from './library.ts'

/** Where whoever serves a library shows that it is the library, and not a stranger at an address that was left behind. */
const proofPath = '/.well-known/photos-library-proof'

/** A question that nobody has answered before. */
export interface LibraryChallenge {
  /** Path and query to ask at the address. */
  readonly path: string
  /** Whether an answer's text can only come from who has the library's secrets. */
  isProvenBy(answer: string): boolean
}

/** @param url where it will be asked: the answer is good for this address, so that nobody there can have it from another one */
export function challengeLibrary(identity: LibraryIdentity, url: string): LibraryChallenge {
  const challenge = randomBytes(32).toString('hex')
  const proof = proofOf(identity, url, challenge)
  return {
    path: `${proofPath}?challenge=${challenge}`,
    isProvenBy: (answer) => isSame(answer, proof),
  }
}

/**
 * Answers a challenge; false when the request is something else, or is for another address than this.
 * @param url where this process listens, by its own knowledge
 */
export function answerChallenge(
  identity: LibraryIdentity,
  url: string,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const challenge = /^\/\.well-known\/photos-library-proof\?challenge=([0-9a-f]{64})$/.exec(request.url ?? '')?.[1]
  if (request.method !== 'GET' || challenge === undefined || request.headers.host !== new URL(url).host) return false
  response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end(proofOf(identity, url, challenge))
  return true
}

/** The key signs nothing else in this form: SigV4's keys are derived from `AWS4` and the secret. */
function proofOf(identity: LibraryIdentity, url: string, challenge: string): string {
  return createHmac('sha256', identity.secretAccessKey)
    .update(`photos library proof ${new URL(url).origin} ${challenge}`)
    .digest('hex')
}
