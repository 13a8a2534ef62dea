import { resolve } from 'node:path'
import { Argument, type Command } from 'commander'
import type { Account } from '../../embedded/accounts.ts'
import { type Context, defaultLibraryFolder, type Finish } from '../context.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { makeFolder } from '../make-folder.ts'
import { requireNotAway } from '../session/known-libraries.ts'
import { type Accounts, isLibrarysOwn, withAccounts } from '../session/library-accounts.ts'
import { hasLibrary, libraryMode } from '../session/open-library.ts'
import { newLibraryNote, requireParent } from '../session/open-remote.ts'
import { askNewPassword } from '../terminal/ask-password.ts'
import { createOutput } from '../terminal/output.ts'
import { visible } from '../terminal/visible.ts'
import { wrapFor } from '../terminal/wrap.ts'
import { jsonOption, libraryOption } from './options.ts'

interface UsersFlags {
  readonly library?: string
  readonly json?: true
}

const passwordHelp = `
The password is asked for, unseen. Where standard input is not a terminal, its first line is the password.`

/** `photos users`: who may sign in to a library of this machine. Works while the library is served, too. */
export function addUsersCommand(program: Command, context: Context, finish: Finish): void {
  const users = program.command('users').description('say who may sign in to a library that this machine serves')
  users
    .command('list', { isDefault: true })
    .description('list the accounts of a library')
    .addOption(libraryOption())
    .addOption(jsonOption())
    .action(async (flags: UsersFlags) => {
      await listUsers(flags, context)
      finish(exitCodes.done)
    })
  const addOneUser = (name: string, description: string, act: ActOnUser): Command =>
    users
      .command(name)
      .description(description)
      .addArgument(new Argument('<email>', 'what its user signs in with'))
      .addOption(libraryOption())
      .action(async (email: string, flags: UsersFlags) => {
        await act(email, flags, context)
        finish(exitCodes.done)
      })
  addOneUser('add', 'make an account', addUser).addHelpText('after', passwordHelp)
  addOneUser('passwd', 'change a password; whoever is signed in has to sign in again', changeUser).addHelpText(
    'after',
    passwordHelp,
  )
  addOneUser('remove', 'remove an account; whoever is signed in is signed out; its photos stay', removeUser)
}

type ActOnUser = (email: string, flags: UsersFlags, context: Context) => Promise<void>

/** The first account has what is there already. That is told, since it may be more than was meant. */
async function addUser(email: string, flags: UsersFlags, context: Context): Promise<void> {
  const folder = folderOf(flags, context)
  await requireNotAway(folder, context)
  if (flags.library !== undefined) requireParent(folder)
  const isNew = !(await hasLibrary(folder))
  await withAccounts(folder, async (accounts) => {
    await accounts.requireNewEmail(folder, email)
    const password = await askPassword(email, accounts, context)
    await makeFolder(folder, libraryMode)
    const added = await accounts.addAccount(folder, { email, password })
    if (isNew) context.stderr.write(`${newLibraryNote(folder)}\n`)
    const isOwn = await isLibrarysOwn(folder, added.owner)
    context.stdout.write(`added ${visible(added.email)}\n${isOwn ? ownNote : apartNote}\n`)
  })
}

const ownNote = "It is the library's own account: what is backed up on this machine without signing in is its own, too."
const legend = "(the library's own): also has what is backed up on this machine without signing in."
const handedOnNote =
  "It was the library's own account: another one that is added while there is none becomes that, and has these photos."
const apartNote = 'It has its own photos; those of other accounts are kept apart.'

async function changeUser(email: string, flags: UsersFlags, context: Context): Promise<void> {
  const folder = folderOf(flags, context)
  await requireLibrary(folder)
  await withAccounts(folder, async (accounts) => {
    await accounts.requireKnownEmail(folder, email)
    const password = await askPassword(email, accounts, context)
    await accounts.changePassword(folder, { email, password })
  })
  context.stdout.write(
    `changed the password of ${visible(email)}; within an hour its devices have to sign in again: photos login\n`,
  )
}

function askPassword(email: string, { minimumPasswordLength, parseNewPassword }: Accounts, context: Context): Promise<string> {
  return askNewPassword(
    `New password for ${visible(email)} (${minimumPasswordLength} characters or more): `,
    parseNewPassword,
    context,
  )
}

async function removeUser(email: string, flags: UsersFlags, context: Context): Promise<void> {
  const folder = folderOf(flags, context)
  await requireLibrary(folder)
  const { email: removed, owner } = await withAccounts(folder, (accounts) => accounts.removeAccount(folder, email))
  context.stdout.write(`removed ${visible(removed)}; within an hour its devices are signed out\n`)
  context.stdout.write(`Its photos stay, in ${folder}/originals/${owner}; added again, it has them again.\n`)
  if (await isLibrarysOwn(folder, owner)) context.stdout.write(`${handedOnNote}\n`)
}

async function listUsers(flags: UsersFlags, context: Context): Promise<void> {
  const folder = folderOf(flags, context)
  await requireLibrary(folder)
  const output = createOutput(context.stdout)
  const accounts = await withAccounts(folder, ({ listAccounts }) => listAccounts(folder))
  const areOwn = await Promise.all(accounts.map(({ owner }) => isLibrarysOwn(folder, owner)))
  for (const [index, account] of accounts.entries()) {
    const isOwn = areOwn[index] === true
    if (!(await output.line(flags.json ? formatJson(account, isOwn) : formatRow(account, isOwn)))) return
  }
  if (!flags.json && areOwn.includes(true)) context.stderr.write(`${wrapFor(context.stderr, legend)}\n`)
  const where = flags.library === undefined ? '' : ` --library '${flags.library}'`
  if (accounts.length === 0) context.stderr.write(`no accounts yet; make one: photos users add EMAIL${where}\n`)
}

/** A stable interface. */
function formatJson({ email, owner, addedAt }: Account, isOwn: boolean): string {
  return JSON.stringify({ email, owner, added_at: addedAt, is_librarys_own: isOwn })
}

/** `2026-11-22  me@example.org  (the library's own)` */
function formatRow({ email, addedAt }: Account, isOwn: boolean): string {
  return `${addedAt.slice(0, 10)}  ${visible(email)}${isOwn ? "  (the library's own)" : ''}`
}

async function requireLibrary(folder: string): Promise<void> {
  if (await hasLibrary(folder)) return
  const hint = 'make one with its first account: photos users add EMAIL; or name a library with --library DIR'
  throw new UserError(`there is no library in ${folder}`, { exitCode: exitCodes.noRemote, hint })
}

function folderOf({ library }: UsersFlags, context: Context): string {
  return resolve(library ?? defaultLibraryFolder(context))
}
