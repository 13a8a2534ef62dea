import type { AccountProblem } from '../../embedded/accounts.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { visible } from '../terminal/visible.ts'
import { asUserError } from './open-library.ts'

/** What there is to do with the accounts of a library on this machine; another process may be serving it. */
export type Accounts = typeof import('../../embedded/accounts.ts')

/** Loads what keeps the accounts, and lends it. What the user can mend becomes a `UserError`. */
export async function withAccounts<Result>(folder: string, work: (accounts: Accounts) => Promise<Result>): Promise<Result> {
  const accounts = await import('../../embedded/accounts.ts')
  try {
    return await work(accounts)
  } catch (error) {
    throw await explain(error, folder, accounts)
  }
}

/** Whether an account has what is backed up to the library on its own machine, where nobody signs in. */
export async function isLibrarysOwn(folder: string, owner: string): Promise<boolean> {
  const { findLibrary } = await import('../../embedded/library.ts')
  return (await findLibrary(folder))?.owner === owner
}

const hints: Readonly<Record<AccountProblem, string>> = {
  'invalid-email': 'give an address such as you@example.org',
  'weak-password': 'several words in a row are easy to remember and hard to guess',
  'email-taken': 'change its password with photos users passwd EMAIL',
  'unknown-email': 'see what accounts there are: photos users list',
}

async function explain(error: unknown, folder: string, { AccountError, DamagedAccountsError }: Accounts): Promise<unknown> {
  const [{ NotALibraryError }, { LibraryInUseError }, { LockHeldError }] = await Promise.all([
    import('../../embedded/library.ts'),
    import('../../embedded/serving.ts'),
    import('../../embedded/level-lock.ts'),
  ])
  if (error instanceof AccountError) {
    return new UserError(visible(error.message), { exitCode: exitCodes.usage, hint: hints[error.problem], cause: error })
  }
  if (error instanceof DamagedAccountsError || error instanceof NotALibraryError) {
    const hint = 'restore the file from a backup of the library, or choose another folder with --library'
    return new UserError(error.message, { exitCode: exitCodes.remoteUnreachable, hint, cause: error })
  }
  if (error instanceof LockHeldError || error instanceof LibraryInUseError) {
    const hint = 'wait for the other run of photos to end, and try again'
    return new UserError(`another process is at work with ${folder}`, { exitCode: exitCodes.locked, hint, cause: error })
  }
  return asUserError(error, folder, {})
}
