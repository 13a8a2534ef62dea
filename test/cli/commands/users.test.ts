import { existsSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { beforeEach, describe, expect, test } from 'vitest'
import { run } from '../../../cli/program.ts'
import { verifyPassword } from '../../../embedded/accounts.ts'
import { findLibrary, libraryPaths } from '../../../embedded/library.ts'
import { openLibraryInTest } from '../../embedded/library-in-test.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { RecordedStream } from '../terminal/recorded-stream.ts'

let home: string
let library: string

beforeEach(async () => {
  home = await temporaryFolder()
  library = join(home, '.local/share/photos/library')
})

const password = 'correct horse battery'

/** `photos users …`, as a script with an empty home runs it: the password comes on standard input. */
async function users(commandLine: readonly string[], typed: string = password) {
  const [stdout, stderr] = [new RecordedStream(), new RecordedStream()]
  const exitCode = await run(['users', ...commandLine], {
    stdin: Readable.from([Buffer.from(`${typed}\n`)]),
    stdout,
    stderr,
    environment: { HOME: home },
    now: () => new Date(),
    signal: new AbortController().signal,
  })
  return { exitCode, stdout: stdout.text, stderr: stderr.text }
}

describe('users add', () => {
  test('makes the library with its first account, which is its own; a further one is kept apart', async () => {
    expect(await users(['add', 'Ada@example.org'])).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^added Ada@example.org\n.*the library's own account/),
      stderr: expect.stringContaining(`made a new library in ${library}`),
    })
    expect(await users(['add', 'bob@example.org'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^added bob@example.org\n.*kept apart/),
      stderr: expect.not.stringContaining('made a new library'),
    })
    const own = (await findLibrary(library))?.owner
    const listed = (await users(['list', '--json'])).stdout.trimEnd().split('\n')
    expect(listed.map((line) => JSON.parse(line))).toEqual([
      { email: 'Ada@example.org', owner: own, added_at: expect.any(String), is_librarys_own: true },
      {
        email: 'bob@example.org',
        owner: expect.not.stringMatching(`^${own}$`),
        added_at: expect.any(String),
        is_librarys_own: false,
      },
    ])
  })

  test('the list says which account is the library’s own, and what that means', async () => {
    await users(['add', 'ada@example.org'])
    await users(['add', 'bob@example.org'])
    expect(await users(['list'])).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^\S+ {2}ada@example.org {2}\(the library's own\)\n\S+ {2}bob@example.org\n$/),
      stderr: "(the library's own): also has what is backed up on this machine without signing in.\n",
    })
    expect(await users(['list', '--json'])).toMatchObject({ stderr: '' })
  })

  test('works while the library is served', async () => {
    const { backend } = await openLibraryInTest(library)
    expect(await users(['add', 'ada@example.org', '--library', library])).toMatchObject({ exitCode: 0 })
    expect(await verifyPassword(library, { email: 'ada@example.org', password })).toMatchObject({ owner: backend.identity.owner })
  })

  test.each([
    ['an email that is none', 'ada', password, "'ada' is not an email address"],
    ['an email that moves the cursor', 'a\x1b[2Jda', password, "'a\\x1b[2Jda' is not an email address"],
    ['a short password', 'ada@example.org', 'eleven char', 'the password has 11 characters; 12 are the least'],
    ['a password of no end', 'ada@example.org', 'x'.repeat(1025), 'more than 1024 bytes'],
    ['no password', 'ada@example.org', '', 'the password has 0 characters'],
  ])('%s is a usage error, and makes nothing', async (_, email, typed, message) => {
    expect(await users(['add', email], typed)).toEqual({ exitCode: 2, stdout: '', stderr: expect.stringContaining(message) })
    expect(existsSync(library)).toBe(false)
  })

  test('an email that has an account is told before a password is asked for', async () => {
    await users(['add', 'ada@example.org'])
    const { exitCode, stderr } = await users(['add', 'ADA@example.org'], '')
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: 'photos: there is an account for ADA@example.org already\n  change its password with photos users passwd EMAIL\n',
    })
  })

  test('no library is made on a disk that is not mounted', async () => {
    const missing = join(home, 'mnt', 'library')
    expect(await users(['add', 'ada@example.org', '--library', missing])).toMatchObject({ exitCode: 5 })
    expect(existsSync(join(home, 'mnt'))).toBe(false)
  })
})

test('users passwd changes the password, and nothing else', async () => {
  await users(['add', 'ada@example.org'])
  expect(await users(['passwd', 'ADA@example.org'], 'another horse')).toMatchObject({ exitCode: 0 })
  expect(await verifyPassword(library, { email: 'ada@example.org', password })).toBeUndefined()
  expect(await verifyPassword(library, { email: 'ada@example.org', password: 'another horse' })).toBeDefined()
})

test('users remove asks nothing, and says where the photos stay', async () => {
  await users(['add', 'ada@example.org'])
  const own = (await findLibrary(library))?.owner
  expect(await users(['remove', 'ada@example.org'], '')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(`${library}/originals/${own}; .*\n.*another one that is added while there is none`),
  })
  expect(await users([])).toEqual({ exitCode: 0, stdout: '', stderr: 'no accounts yet; make one: photos users add EMAIL\n' })
  expect(await users(['list', '--library', library])).toMatchObject({
    stderr: `no accounts yet; make one: photos users add EMAIL --library '${library}'\n`,
  })
})

test.each(['remove', 'passwd'])('users %s of an account that is not there says which there are', async (command) => {
  await users(['add', 'ada@example.org'])
  expect(await users([command, 'bob@example.org'])).toMatchObject({
    exitCode: 2,
    stderr: 'photos: there is no account for bob@example.org\n  see what accounts there are: photos users list\n',
  })
})

test.each([['list'], ['remove', 'ada@example.org'], ['passwd', 'ada@example.org']])(
  'where there is no library, users %s says so and makes none',
  async (...commandLine) => {
    expect(await users(commandLine)).toMatchObject({ exitCode: 10, stderr: expect.stringContaining('there is no library in') })
    expect(existsSync(library)).toBe(false)
  },
)

test('no password is shown or kept, and what is kept is for its user alone', async () => {
  const { stdout, stderr } = await users(['add', 'ada@example.org'])
  const { accounts } = libraryPaths(library)
  expect(stdout + stderr + (await readFile(accounts, 'utf8'))).not.toContain(password)
  expect((await stat(accounts)).mode & 0o777).toBe(0o600)
})

test('a damaged file of accounts is told, and left as it is', async () => {
  await users(['add', 'ada@example.org'])
  const { accounts } = libraryPaths(library)
  await writeFile(accounts, '{')
  expect(await users(['list'])).toMatchObject({ exitCode: 5, stderr: expect.stringContaining(`${accounts} is damaged`) })
  expect(await readFile(accounts, 'utf8')).toBe('{')
})
