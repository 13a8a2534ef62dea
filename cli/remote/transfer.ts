import { TransferError } from '../errors.ts'
import { isNetworkError, RetryableError } from './retry.ts'
import type { Transport } from './transport.ts'

/** What sending and receiving one object depend on. */
export interface TransferOptions {
  readonly transport: Transport
  /** Called with the bytes that went over the network just now; negative when they have to go again or were in vain. */
  readonly onMoved?: ((bytes: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** What is left after the last attempt, as the outcome of this one file. Bugs and interruptions stay what they are. */
export function asTransferError(error: unknown): unknown {
  if (error instanceof RetryableError) return new TransferError(`${error.message}, again and again`, { cause: error })
  if (isNetworkError(error)) return new TransferError('the connection to the storage keeps breaking', { cause: error })
  return error
}
