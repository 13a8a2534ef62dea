import { readFile, stat, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import {
  addAccount,
  changePassword,
  costsOf,
  findAccountOf,
  listAccounts,
  removeAccount,
  verifyPassword,
} from '../../embedded/accounts.ts'
import { findLibrary, libraryPaths } from '../../embedded/library.ts'
import { passwordCost } from '../../embedded/password.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { addAccountInTest } from './add-account-in-test.ts'
import { openLibraryInTest } from './library-in-test.ts'

const ada = { email: 'Ada@example.com', password: 'correct horse' }
const bob = { email: 'bob@example.com', password: 'battery staple' }
const eve = { email: 'eve@example.com', password: 'some password' }

test('the first account gets what is in the library, a further one begins with nothing', async () => {
  const folder = await temporaryFolder()
  const { backend, close } = await openLibraryInTest(folder)
  await close()
  const first = await addAccountInTest(folder, ada)
  const second = await addAccountInTest(folder, bob)
  expect(first).toEqual({ email: 'Ada@example.com', owner: backend.identity.owner })
  expect(second.owner).not.toBe(first.owner)
  expect((await listAccounts(folder)).map(({ email, owner }) => ({ email, owner }))).toEqual([first, second])
})

test('an account can be added before the library is made, and while it is served', async () => {
  const folder = await temporaryFolder()
  const first = await addAccountInTest(folder, ada)
  expect(await findLibrary(folder)).toMatchObject({ owner: first.owner })
  const { backend } = await openLibraryInTest(folder)
  expect(backend.identity.owner).toBe(first.owner)
  expect(await addAccountInTest(folder, bob)).toMatchObject({ email: 'bob@example.com' })
})

test('a password is verified, whatever the case of the email and the form of its accents', async () => {
  const folder = await temporaryFolder()
  const { owner } = await addAccountInTest(folder, { ...ada, password: 'café au lait' })
  const verify = async (email: string, password: string) => (await verifyPassword(folder, { email, password }))?.owner
  expect(await verify('aDa@Example.COM ', 'cafe\u0301 au lait')).toBe(owner)
  expect(await verify(ada.email, 'ｃａｆé\u00a0au lait')).toBe(owner)
  expect(await verify(ada.email, 'café au laiT')).toBeUndefined()
  expect(await verify(ada.email, '')).toBeUndefined()
  expect(await verify('nobody@example.com', 'café au lait')).toBeUndefined()
  expect(await verify('__proto__', 'café au lait')).toBeUndefined()
})

test('neither a password nor anything short to guess from is in the file, which is for its user alone', async () => {
  const folder = await temporaryFolder()
  await addAccount(folder, ada)
  const path = libraryPaths(folder).accounts
  expect(await readFile(path, 'utf8')).not.toContain(ada.password)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  const [account] = await listAccounts(folder)
  expect(account?.password).toMatchObject({ algorithm: 'scrypt', N: 32_768, r: 8, p: 3 })
})

test('whoever signs in, each cost that there is of a password is spent: an email that nobody has takes as long as any other', async () => {
  const folder = await temporaryFolder()
  expect(costsOf([])).toEqual([passwordCost])
  await addAccountInTest(folder, ada)
  await addAccountInTest(folder, eve)
  expect(costsOf(await listAccounts(folder))).toEqual([{ N: 128, r: 8, p: 1 }])
  await addAccount(folder, bob, { N: 256, r: 8, p: 1 })
  expect(costsOf(await listAccounts(folder))).toEqual([
    { N: 128, r: 8, p: 1 },
    { N: 256, r: 8, p: 1 },
  ])
  for (const { email, password } of [ada, eve, bob]) {
    expect(await verifyPassword(folder, { email, password })).toMatchObject({ email })
    expect(await verifyPassword(folder, { email, password: 'another horse' })).toBeUndefined()
  }
  expect(await verifyPassword(folder, { ...ada, password: bob.password })).toBeUndefined()
  // What is spent shows where it is more than there is: a gibibyte.
  const path = libraryPaths(folder).accounts
  await writeFile(path, (await readFile(path, 'utf8')).replace('"N": 256', `"N": ${2 ** 20}`))
  for (const account of [ada, eve, bob, { ...ada, email: 'nobody@example.com' }]) {
    await expect(verifyPassword(folder, account)).rejects.toThrow(/memory limit/)
  }
})

test('a changed password is another one, and known as such', async () => {
  const folder = await temporaryFolder()
  const { owner } = await addAccountInTest(folder, ada)
  const before = await findAccountOf(folder, owner)
  await changePassword(folder, { email: 'ada@example.com', password: 'another horse' })
  expect(await verifyPassword(folder, ada)).toBeUndefined()
  const after = await verifyPassword(folder, { email: ada.email, password: 'another horse' })
  expect(after).toMatchObject({ owner, email: ada.email })
  expect(after?.passwordId).not.toBe(before?.passwordId)
})

test('who is removed cannot sign in; who is added again has their photos, and nobody else has', async () => {
  const folder = await temporaryFolder()
  const first = await addAccountInTest(folder, ada)
  await addAccountInTest(folder, bob)
  await removeAccount(folder, 'ADA@example.com')
  expect(await verifyPassword(folder, ada)).toBeUndefined()
  expect(await findAccountOf(folder, first.owner)).toBeUndefined()
  const stranger = await addAccountInTest(folder, eve)
  expect(stranger.owner).not.toBe(first.owner)
  expect((await addAccountInTest(folder, { ...ada, email: 'ada@EXAMPLE.com' })).owner).toBe(first.owner)
})

test('the library’s own photos are never given to two accounts', async () => {
  const folder = await temporaryFolder()
  const first = await addAccountInTest(folder, ada)
  await removeAccount(folder, ada.email)
  expect((await addAccountInTest(folder, bob)).owner).toBe(first.owner)
  expect((await addAccountInTest(folder, ada)).owner).not.toBe(first.owner)
})

test.each([
  ['an email that is none', { email: 'ada', password: ada.password }, 'invalid-email'],
  ['a short password', { email: 'eve@example.com', password: '12345678901' }, 'weak-password'],
  ['a password of no end', { email: 'eve@example.com', password: 'é'.repeat(513) }, 'weak-password'],
  ['an email that has an account', { ...ada, email: 'ADA@EXAMPLE.COM' }, 'email-taken'],
])('%s is refused', async (_, account, problem) => {
  const folder = await temporaryFolder()
  await addAccountInTest(folder, ada)
  await expect(addAccountInTest(folder, account)).rejects.toMatchObject({ name: 'AccountError', problem })
  expect(await listAccounts(folder)).toHaveLength(1)
})

test('an account that is not there is named, also where there is no library', async () => {
  const folder = await temporaryFolder()
  const unknown = { name: 'AccountError', problem: 'unknown-email', message: 'there is no account for bob@example.com' }
  await expect(removeAccount(folder, bob.email)).rejects.toMatchObject(unknown)
  await expect(changePassword(folder, bob)).rejects.toMatchObject(unknown)
  expect(await findLibrary(folder)).toBeUndefined()
})

test('accounts added at the same time are all there', async () => {
  const folder = await temporaryFolder()
  await addAccountInTest(folder, ada)
  const emails = ['1', '2', '3', '4'].map((name) => `${name}@example.com`)
  await Promise.all(emails.map((email) => addAccountInTest(folder, { email, password: 'some password' })))
  expect((await listAccounts(folder)).map(({ email }) => email).toSorted()).toEqual([...emails, ada.email].toSorted())
})

test('a damaged file is told, and not replaced', async () => {
  const folder = await temporaryFolder()
  await addAccountInTest(folder, ada)
  await writeFile(libraryPaths(folder).accounts, '{')
  for (const call of [() => addAccountInTest(folder, bob), () => listAccounts(folder), () => verifyPassword(folder, ada)]) {
    await expect(call()).rejects.toMatchObject({ name: 'DamagedAccountsError' })
  }
  expect(await readFile(libraryPaths(folder).accounts, 'utf8')).toBe('{')
})
