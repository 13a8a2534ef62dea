import { TransferError } from '../errors.ts'
import { LocalFileError } from './local-file-error.ts'
import { storageUnreachable } from './remote-errors.ts'
import { isNetworkError, RetryableError } from './retry.ts'
import type { Transport } from './transport.ts'

/** What sending and receiving one object depend on. */
export interface TransferOptions {
  readonly transport: Transport
  /** Called with the bytes that went over the network just now; negative when they have to go again or were in vain. */
  readonly onMoved?: ((bytes: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * What is left after the last attempt, as the outcome of this one file; as the end of the run, a `UserError`, where the storage
 * has not answered anyone for long. Errors of the file, bugs and interruptions stay what they are.
 */
export function asTransferError(error: unknown, { outage }: Pick<Transport, 'outage'>): unknown {
  if (error instanceof LocalFileError) return error.cause
  if (error instanceof RetryableError) return new TransferError(`${error.message}, again and again`, { cause: error })
  if (!isNetworkError(error)) return error
  if (outage.storage.isLost()) return storageUnreachable(error)
  return new TransferError('the connection to the storage keeps breaking', { cause: error })
}
