import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ServerClock } from '../remote/server-clock.ts'
import type { IssueCredentials, TemporaryCredentials } from '../remote/temporary-credentials.ts'
import { formatDuration } from '../terminal/format-duration.ts'
import type { Checked } from './finding.ts'

const credentialAttempts = 3

/** Whether the identity pool gives temporary credentials for the session. */
export async function checkCredentials(
  issue: IssueCredentials,
  serverClock: ServerClock,
  signal: AbortSignal,
): Promise<Checked<TemporaryCredentials>> {
  try {
    const credentials = await issue({ maximumAttempts: credentialAttempts, signal })
    const seconds = (credentials.expiresAt.getTime() - serverClock.now().getTime()) / 1000
    return { message: `to read originals with, good for ${formatDuration(Math.max(0, seconds))}`, value: credentials }
  } catch (error) {
    if (error instanceof UserError || signal.aborted || !(error instanceof Error)) throw error
    throw new UserError(`the identity pool gives no credentials: ${error.name}`, {
      exitCode: exitCodes.remoteUnreachable,
      hint: '`npm run deploy` puts back an identity pool, or its role, that is missing; a library needs its `photos serve` restarted',
      cause: error,
    })
  }
}
