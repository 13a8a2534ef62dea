import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
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

export function challengeLibrary(identity: LibraryIdentity): LibraryChallenge {
  const challenge = randomBytes(32).toString('hex')
  const proof = Buffer.from(proofOf(identity, challenge))
  return {
    path: `${proofPath}?challenge=${challenge}`,
    isProvenBy(answer) {
      const given = Buffer.from(answer)
      return given.length === proof.length && timingSafeEqual(given, proof)
    },
  }
}

/** Answers a challenge; false when the request is something else. */
export function answerChallenge(identity: LibraryIdentity, request: IncomingMessage, response: ServerResponse): boolean {
  const challenge = /^\/\.well-known\/photos-library-proof\?challenge=([0-9a-f]{64})$/.exec(request.url ?? '')?.[1]
  if (request.method !== 'GET' || challenge === undefined) return false
  response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end(proofOf(identity, challenge))
  return true
}

/** The key signs nothing else in this form: SigV4's keys are derived from `AWS4` and the secret. */
function proofOf(identity: LibraryIdentity, challenge: string): string {
  return createHmac('sha256', identity.secretAccessKey).update(`photos library proof ${challenge}`).digest('hex')
}
