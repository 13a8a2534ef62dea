import type { Account } from '../accounts.ts'

/**
 * Who has given which password, as `OWNER.PASSWORD_ID`: what a sign-in is called on its way from the form to its tokens. The
 * owner alone would still stand for somebody after the password was changed because another knew it.
 */
export function loginIdOf({ owner, passwordId }: Account): string {
  return `${owner}.${passwordId}`
}

/** The account of a login; undefined once it has been removed, was added anew, or has another password. */
export async function findLogin(
  loginId: string,
  findAccount: (owner: string) => Promise<Account | undefined>,
): Promise<Account | undefined> {
  const account = await findAccount(loginId.split('.')[0] ?? '')
  return account !== undefined && loginIdOf(account) === loginId ? account : undefined
}
