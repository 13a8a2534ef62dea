import { type Account, addAccount, type NewAccount } from '../../embedded/accounts.ts'

/** A thousandth of what a password that somebody has is worth. */
const cost = { N: 2 ** 7, r: 8, p: 1 }

/** An account like any other whose password takes no time to hash, neither here nor when somebody signs in with it. */
export async function addAccountInTest(folder: string, account: NewAccount): Promise<Pick<Account, 'email' | 'owner'>> {
  return await addAccount(folder, account, cost)
}
