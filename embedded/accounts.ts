import { randomUUID } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import * as z from 'zod'
import { type Owner, ownerSchema } from '../contract/owner.ts'
import { withLevelLock } from './level-lock.ts'
import { findLibrary, type LibraryIdentity, libraryPaths, readOrCreateLibrary } from './library.ts'
import {
  hashPassword,
  isSameCost,
  matchesPassword,
  normalizePassword,
  type PasswordCost,
  passwordCost,
  passwordHashSchema,
} from './password.ts'
import { openQueueStore } from './queue-store.ts'
import { isMissing } from './s3/durable-file.ts'
import { writeDurably } from './write-durably.ts'

const accountSchema = z.object({
  email: z.string(),
  owner: ownerSchema,
  password: passwordHashSchema,
  /** Another one after every change of the password: what was signed in with the one before has ended. */
  passwordId: z.uuid(),
  addedAt: z.iso.datetime(),
})
export type Account = Readonly<z.infer<typeof accountSchema>>

const accountsSchema = z.object({
  version: z.literal(1),
  accounts: z.array(accountSchema).readonly(),
  /** Whose photos removed accounts had, by email: who is added again finds them. */
  formerOwners: z.record(z.string(), ownerSchema),
})
type Accounts = z.infer<typeof accountsSchema>

/** What can be wrong with a change to the accounts, for whoever asked for it to mend. */
export type AccountProblem = 'invalid-email' | 'weak-password' | 'email-taken' | 'unknown-email'

export class AccountError extends Error {
  override readonly name = 'AccountError'
  readonly problem: AccountProblem

  constructor(problem: AccountProblem, message: string) {
    super(message)
    this.problem = problem
  }
}

/** The accounts file cannot be read. */
export class DamagedAccountsError extends Error {
  override readonly name = 'DamagedAccountsError'
}

export interface NewAccount {
  readonly email: string
  readonly password: string
}

/** In characters. NIST SP 800-63B-4, section 3.1.1.2, asks for 8, better 15, and for no rules about kinds of characters. */
export const minimumPasswordLength = 12
const maximumPasswordBytes = 1024

/** The password as it will be hashed. Throws an {@link AccountError} for one that is too easy to guess, or endless. */
export function parseNewPassword(typed: string): string {
  const password = normalizePassword(typed)
  const length = [...password].length
  if (length < minimumPasswordLength) {
    throw new AccountError('weak-password', `the password has ${length} characters; ${minimumPasswordLength} are the least`)
  }
  if (Buffer.byteLength(password) > maximumPasswordBytes) {
    throw new AccountError('weak-password', `the password has more than ${maximumPasswordBytes} bytes`)
  }
  return password
}

/**
 * Lets somebody sign in to a library, which is made when it is not there. The first account gets the photos that are in it
 * already; each further one begins with none. Throws an {@link AccountError}.
 * @param cost of the password; less than what is usual is for passwords that nobody has
 */
export async function addAccount(
  folder: string,
  { email, password }: NewAccount,
  cost: PasswordCost = passwordCost,
): Promise<Pick<Account, 'email' | 'owner'>> {
  const address = parseEmail(email)
  const passwordHash = await hashPassword(parseNewPassword(password), cost)
  const identity = await findOrCreateLibrary(folder)
  return await change(folder, (before) => {
    requireUnused(before, address)
    const owner = ownerOfNew(address, before, identity)
    const account = { email: address, owner, password: passwordHash, passwordId: randomUUID(), addedAt: new Date().toISOString() }
    return { after: { ...before, accounts: [...before.accounts, account] }, result: { email: address, owner } }
  })
}

/** Throws what {@link addAccount} would throw because of the email; for who asks for a password only then. */
export async function requireNewEmail(folder: string, email: string): Promise<void> {
  requireUnused(await readAccounts(folder), parseEmail(email))
}

/** Throws what {@link changePassword} would throw because of the email. */
export async function requireKnownEmail(folder: string, email: string): Promise<void> {
  requireAccount(await readAccounts(folder), email)
}

/** In the order in which they were added; none where there is no library. */
export async function listAccounts(folder: string): Promise<readonly Account[]> {
  return (await readAccounts(folder)).accounts
}

/** Ends its sessions, too. Its photos stay, and are there again for an account of the same email. */
export async function removeAccount(folder: string, email: string): Promise<Pick<Account, 'email' | 'owner'>> {
  return await change(folder, (before) => {
    const { email: address, owner } = requireAccount(before, email)
    const accounts = before.accounts.filter((account) => account.owner !== owner)
    const formerOwners = { ...before.formerOwners, [emailKey(address)]: owner }
    return { after: { ...before, accounts, formerOwners }, result: { email: address, owner } }
  })
}

/** Ends the sessions that were signed in with the password of before. */
export async function changePassword(folder: string, { email, password }: NewAccount): Promise<void> {
  const passwordHash = await hashPassword(parseNewPassword(password), passwordCost)
  await change(folder, (before) => {
    const { owner } = requireAccount(before, email)
    const accounts = before.accounts.map((account) =>
      account.owner === owner ? { ...account, password: passwordHash, passwordId: randomUUID() } : account,
    )
    return { after: { ...before, accounts }, result: undefined }
  })
}

/** The account, if the password is right. Takes as long for an email that nobody has. */
export async function verifyPassword(folder: string, { email, password }: NewAccount): Promise<Account | undefined> {
  const accounts = await readAccounts(folder)
  const account = findByEmail(accounts, email)
  const costs = costsOf(accounts.accounts)
  const isRight = await matchesPassword(password.slice(0, maximumPasswordBytes), account?.password, costs)
  return isRight ? account : undefined
}

/** Each cost of the passwords that there are, once. Releases may have spent different ones, and a library may have passwords of several. */
export function costsOf(accounts: readonly Pick<Account, 'password'>[]): readonly PasswordCost[] {
  if (accounts.length === 0) return [passwordCost]
  const costs = accounts.map(({ password: { N, r, p } }) => ({ N, r, p }))
  return costs.filter((cost, index) => costs.findIndex((other) => isSameCost(cost, other)) === index)
}

/** The account that photos belong to, as it is right now. */
export async function findAccountOf(folder: string, owner: string): Promise<Account | undefined> {
  return (await readAccounts(folder)).accounts.find((account) => account.owner === owner)
}

/** Two spellings of an address that differ in case alone reach the same person everywhere that matters. */
export function emailKey(email: string): string {
  return email.trim().normalize('NFC').toLowerCase()
}

function findByEmail({ accounts }: Accounts, email: string): Account | undefined {
  return accounts.find((account) => emailKey(account.email) === emailKey(email))
}

function requireUnused(accounts: Accounts, email: string): void {
  if (findByEmail(accounts, email)) throw new AccountError('email-taken', `there is an account for ${email} already`)
}

function requireAccount(accounts: Accounts, email: string): Account {
  const account = findByEmail(accounts, email)
  if (account === undefined) throw new AccountError('unknown-email', `there is no account for ${email.trim()}`)
  return account
}

/** Nobody gets photos that another account has. */
function ownerOfNew(email: string, { accounts, formerOwners }: Accounts, identity: LibraryIdentity): Owner {
  const former = Object.hasOwn(formerOwners, emailKey(email)) ? formerOwners[emailKey(email)] : undefined
  const isFree = (owner: Owner) => accounts.every((account) => account.owner !== owner)
  if (former !== undefined && isFree(former)) return former
  return accounts.length === 0 ? identity.owner : ownerSchema.parse(randomUUID())
}

const emailSchema = z.string().trim().max(254).pipe(z.email())

function parseEmail(text: string): string {
  const parsed = emailSchema.safeParse(text)
  if (!parsed.success) throw new AccountError('invalid-email', `'${text.trim()}' is not an email address`)
  return parsed.data
}

/** A library is made by the process that has it locked; another one may be doing so right now. */
async function findOrCreateLibrary(folder: string): Promise<LibraryIdentity> {
  const known = await findLibrary(folder)
  if (known !== undefined) return known
  const { own, queue } = libraryPaths(folder)
  await mkdir(own, { recursive: true, mode: 0o700 })
  const lock = await openQueueStore(queue)
  try {
    return await readOrCreateLibrary(folder)
  } finally {
    await lock.close()
  }
}

interface Change<T> {
  readonly after: Accounts
  readonly result: T
}

async function change<T>(folder: string, decide: (before: Accounts) => Change<T>): Promise<T> {
  // Nothing is made in a folder that is no library.
  if ((await findLibrary(folder)) === undefined) return decide(noAccounts).result
  const paths = libraryPaths(folder)
  return await withLevelLock(paths.accountsLock, async () => {
    const { after, result } = decide(await readAccounts(folder))
    await writeDurably(paths.accounts, JSON.stringify(after, null, 2))
    return result
  })
}

const noAccounts: Accounts = { version: 1, accounts: [], formerOwners: {} }

async function readAccounts(folder: string): Promise<Accounts> {
  const path = libraryPaths(folder).accounts
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return noAccounts
    throw error
  }
  try {
    return accountsSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new DamagedAccountsError(`${path} is damaged or was written by a newer release`, { cause })
  }
}
