import type { IncomingMessage } from 'node:http'
import { retry } from './retry.ts'
import { readS3Body } from './s3-answer.ts'
import { errorOfRefusal, readS3Refusal } from './s3-refusal.ts'
import { type SignRequest, signing } from './signed-attempts.ts'
import { asTransferError, type TransferOptions } from './transfer.ts'
import { answerInTime, type HttpRequest, startExchange, type Transport } from './transport.ts'

/** How fast a thaw is. What `expedited` is elsewhere, the deep archive does not have. */
export type ThawTier = 'bulk' | 'standard'

export interface ThawRequest {
  readonly tier: ThawTier
  /** How long the thawed copy stays, once it is there. */
  readonly days: number
}

/**
 * The longest that AWS calls typical for the deep archive.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html
 */
export const longestThawHours: Readonly<Record<ThawTier, number>> = { bulk: 48, standard: 12 }

/** `look`: how does the original lie there (HeadObject)? `ask`: thaw it (RestoreObject). */
export type ThawCall = { readonly kind: 'look' } | ({ readonly kind: 'ask' } & ThawRequest)

/** The body of RestoreObject. https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html */
export function restoreRequestBody({ tier, days }: ThawRequest): string {
  const s3Tier = { bulk: 'Bulk', standard: 'Standard' }[tier]
  const parameters = `<GlacierJobParameters><Tier>${s3Tier}</Tier></GlacierJobParameters>`
  return `<RestoreRequest xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Days>${days}</Days>${parameters}</RestoreRequest>`
}

/** `archived`: it must be asked for first. `readable`: of no archive, or thawed. */
export type ArchiveState = 'archived' | 'thawing' | 'readable'

type Options = Pick<TransferOptions, 'transport' | 'signal'>

/**
 * How an original lies there. Undefined where the storage does not say: its refusal of a HEAD has no body, and so no reason.
 * Throws a `TransferError`; errors of `sign` as they are.
 */
export async function findArchiveState(sign: SignRequest, options: Options): Promise<ArchiveState | undefined> {
  return await exchange(sign, options, async (response) => {
    const { statusCode: status = 0, headers } = response
    if (status === 400 || status === 403) return drained(response, undefined)
    if (status !== 200) throw errorOfRefusal(await readS3Refusal(response, options.transport))
    return drained(response, stateIn(headers))
  })
}

const archiveClasses = new Set(['DEEP_ARCHIVE', 'GLACIER'])

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html, x-amz-restore. */
function stateIn(headers: IncomingMessage['headers']): ArchiveState {
  const restore = String(headers['x-amz-restore'] ?? '')
  if (restore.includes('ongoing-request="true"')) return 'thawing'
  if (restore.includes('ongoing-request="false"')) return 'readable'
  return archiveClasses.has(String(headers['x-amz-storage-class'])) ? 'archived' : 'readable'
}

/** `asked`: the thaw begins now. `thawing`: somebody asked before. `readable`: there is a thawed copy by now. */
export type ThawAnswer = 'asked' | 'thawing' | 'readable'

/** Asks for a thaw. Throws a `TransferError`, `denied` where that is not allowed; errors of `sign` as they are. */
export async function askForThaw(sign: SignRequest, options: Options): Promise<ThawAnswer> {
  return await exchange(sign, options, async (response) => {
    const { statusCode: status } = response
    if (status === 202) return drained(response, 'asked')
    if (status === 200) return drained(response, 'readable')
    const refusal = await readS3Refusal(response, options.transport)
    if (refusal.code === 'RestoreAlreadyInProgress') return 'thawing'
    throw errorOfRefusal(refusal)
  })
}

/** Read to its end, so that the connection can be used again. */
async function drained<T>(response: IncomingMessage, answer: T): Promise<T> {
  await readS3Body(response)
  return answer
}

async function exchange<T>(sign: SignRequest, options: Options, read: (response: IncomingMessage) => Promise<T>): Promise<T> {
  const { transport, signal } = options
  const attempt = signing(sign, (request) => answerTo(request, transport, read, signal))
  try {
    return await retry(attempt, { clock: transport.clock, patience: transport.outage.storage, signal })
  } catch (error) {
    throw asTransferError(error, transport)
  }
}

async function answerTo<T>(
  request: HttpRequest,
  transport: Transport,
  read: (response: IncomingMessage) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const started = startExchange(transport, request, signal)
  started.request.end(request.body)
  try {
    return await answerInTime(transport, started.request, started.response.then(read))
  } catch (error) {
    started.request.destroy()
    throw error
  }
}
