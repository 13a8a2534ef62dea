import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { RecordedStream } from '../terminal/recorded-stream.ts'
import { anna, approvedBy, bert, denied, newMachine, readShown, serveAccounts } from './signed-in-world.ts'

const profilePath = (home: string, name = 'default') => join(home, '.config/photos/profiles', `${name}.json`)

test('login shows where to approve, and keeps the session for this user only', async () => {
  const { url } = await serveAccounts()
  const machine = await newMachine()
  const { host } = new URL(url)

  const { exitCode, stdout, stderr } = await machine.login([url], approvedBy(anna))

  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: `signed in to ${host} as anna@example.com; this device is nas\n`,
  })
  const { verificationUri, userCode } = readShown(stderr)
  expect(verificationUri).toBe(`${url}/device`)
  expect(stderr).toBe(
    [
      '',
      `To sign in to ${host},`,
      'open this page on your phone or on any other machine:',
      '',
      `  ${verificationUri}`,
      '',
      'and type this code:',
      '',
      `  ${userCode}`,
      '',
      'Approve there only if it shows this very code.',
      'It is good for 10 minutes. Waiting for you; Ctrl-C gives up.',
      '',
    ].join('\n'),
  )
  expect((await stat(profilePath(machine.home))).mode & 0o777).toBe(0o600)
  expect((await stat(join(profilePath(machine.home), '..'))).mode & 0o777).toBe(0o700)
})

test('whoami and devices say who is signed in, for people and for scripts', async () => {
  const { url, identity } = await serveAccounts()
  const machine = await newMachine()
  await machine.login([url], approvedBy(anna))

  expect(await machine.photos(['whoami'])).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(`^anna@example.com\nremote   ${url}\nprofile  default\ndevice   nas \\([a-z0-9]+\\)\n$`),
    stderr: '',
  })
  const { stdout } = await machine.photos(['whoami', '--json'])
  const who: unknown = JSON.parse(stdout)
  expect(who).toEqual({
    email: 'anna@example.com',
    owner: identity.owner,
    url,
    remote_id: identity.remoteId,
    profile: 'default',
    device_id: expect.stringMatching(/^[a-z0-9]+$/),
    device_name: 'nas',
  })
  const listed = await machine.photos(['devices', '--json'])
  expect(JSON.parse(listed.stdout)).toEqual({
    device_id: await deviceIdOf(machine),
    name: 'nas',
    signed_in_at: expect.any(String),
    signed_in_from: '127.0.0.1',
    last_refreshed_at: null,
    is_current: true,
  })
  expect(await machine.photos(['devices'])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^ {2}ID .*\n\* [a-z0-9]+ {2}\S+ {2}\S+ \S+ +127\.0\.0\.1 {2}nas\n\* this machine\n$/),
  })
})

test('a sync goes to the remote of the profile, and a signed-out one never into a library of this machine', async () => {
  const { url } = await serveAccounts()
  const machine = await newMachine()
  await mkdir(join(machine.home, 'DCIM'))
  await writeFile(join(machine.home, 'DCIM/clip.mp4'), 'a clip')
  await machine.login([url], approvedBy(anna))
  const sync = () => machine.photos(['sync', join(machine.home, 'DCIM')])

  expect(await sync()).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^uploaded 1 /),
    stderr: `the remote is ${new URL(url).host}, signed in as anna@example.com\n`,
  })
  expect(await machine.photos(['logout'])).toEqual({
    exitCode: 0,
    stdout: `signed out of ${new URL(url).host} as anna@example.com\n`,
    stderr: '',
  })
  const signedOut = {
    exitCode: 12,
    stderr: `photos: not signed in to ${new URL(url).host}\n  sign in: photos login ${url}\n`,
  }
  expect(await sync()).toMatchObject(signedOut)
  expect(await machine.photos(['whoami'])).toMatchObject(signedOut)
  expect(await readdir(join(machine.home, '.local'))).toEqual(['state'])
  expect(await readFile(profilePath(machine.home), 'utf8')).not.toMatch(/oken|ecret/)
  expect(await machine.photos(['logout'])).toMatchObject({ exitCode: 0, stdout: '', stderr: expect.stringContaining('nobody') })
})

test('a revoked session ends with 12 and says what to type', async () => {
  const { url } = await serveAccounts()
  const [lost, kept] = [await newMachine(), await newMachine()]
  await lost.login([url], approvedBy(anna))
  await kept.login([url], approvedBy(anna))
  const lostId = await deviceIdOf(lost)

  expect(await kept.photos(['devices', 'revoke', lostId])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(lostId) })

  const ended = {
    exitCode: 12,
    stdout: '',
    stderr: `photos: the session with ${new URL(url).host} has ended\n  sign in again: photos login ${url}\n`,
  }
  expect(await lost.photos(['whoami'])).toEqual(ended)
  await expireTokens(lost.home)
  expect(await lost.photos(['ls'])).toEqual(ended)
  expect(await kept.photos(['whoami'])).toMatchObject({ exitCode: 0 })
  expect(await kept.photos(['devices', 'revoke', lostId])).toMatchObject({ exitCode: 2 })
  expect(await kept.photos(['devices', 'revoke', await deviceIdOf(kept)])).toMatchObject({
    exitCode: 2,
    stderr: 'photos: that is this machine\n  to end its session: photos logout\n',
  })
  // What has ended already can still be signed out of.
  expect(await lost.photos(['logout'])).toMatchObject({ exitCode: 0 })
})

test('logout --all-devices ends every session of the account, and nobody else’s', async () => {
  const { url } = await serveAccounts()
  const [one, two, other] = [await newMachine(), await newMachine(), await newMachine()]
  await one.login([url], approvedBy(anna))
  await two.login([url], approvedBy(anna))
  await other.login([url], approvedBy(bert))

  expect(await one.photos(['logout', '--all-devices'])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('on all devices'),
  })
  expect(await two.photos(['whoami'])).toMatchObject({ exitCode: 12 })
  expect(await other.photos(['whoami'])).toMatchObject({ exitCode: 0 })
})

describe('signing in again', () => {
  test('ends the session that the profile had; the URL need not be given', async () => {
    const { url } = await serveAccounts()
    const machine = await newMachine()
    await machine.login([url], approvedBy(anna))
    const before = await deviceIdOf(machine)

    expect(await machine.login([], approvedBy(anna))).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(
        new RegExp(
          `^the profile default is signed in to ${new URL(url).host} as anna@example.com already; that session ends with a new one\n` +
            '(?!.* before; )',
          's',
        ),
      ),
    })

    const { stdout } = await machine.photos(['devices', '--json'])
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(await deviceIdOf(machine)).not.toBe(before)
  })

  test('elsewhere, while the old remote is gone, says that its session is still known there', async () => {
    const [old, other] = [await serveAccounts(), await serveAccounts()]
    const machine = await newMachine()
    await machine.login([old.url], approvedBy(anna))
    const deviceId = await deviceIdOf(machine)
    await old.close()
    let isApproved = false
    const delay = async (): Promise<void> => {
      if (!isApproved) await approvedBy(anna)(readShown(shown.text))
      isApproved = true
    }
    const shown = new RecordedStream()
    expect(await machine.photos(['login', other.url], { stderr: shown, clock: { delay } })).toMatchObject({ exitCode: 0 })
    expect(shown.lines.at(-1)).toBe(
      `the profile default was signed in to ${new URL(old.url).host} as anna@example.com before; ` +
        `that session could not be ended; it is still device ${deviceId} of that account`,
    )
  })

  test('as somebody else is told; other profiles stay as they are', async () => {
    const { url } = await serveAccounts()
    const machine = await newMachine()
    await machine.login([url, '--profile', 'work'], approvedBy(anna))
    await machine.login([url], approvedBy(anna))

    const { stderr } = await machine.login([url], approvedBy(bert))

    expect(stderr).toContain(
      `the profile default was signed in to ${new URL(url).host} as anna@example.com before; that session has been ended\n`,
    )
    expect(await machine.photos(['whoami', '--json'])).toMatchObject({ stdout: expect.stringContaining('bert@example.com') })
    expect(await machine.photos(['whoami', '--profile', 'work', '--json'])).toMatchObject({
      stdout: expect.stringContaining('anna@example.com'),
    })
  })
})

test('a damaged profile is told, and mended by signing in', async () => {
  const { url } = await serveAccounts()
  const machine = await newMachine()
  await machine.login([url], approvedBy(anna))
  await writeFile(profilePath(machine.home), '{"version": 1, "tok')
  expect(await machine.photos(['ls'])).toMatchObject({ exitCode: 12, stderr: expect.stringContaining('is damaged') })
  expect(await machine.login([url], approvedBy(anna))).toMatchObject({ exitCode: 0 })
  expect(await machine.photos(['whoami'])).toMatchObject({ exitCode: 0 })
})

test('a damaged profile can be signed out of, which removes it', async () => {
  const { url } = await serveAccounts()
  const machine = await newMachine()
  await machine.login([url, '--profile', 'work'], approvedBy(anna))
  const path = profilePath(machine.home, 'work')
  await writeFile(path, '{"version": 1, "tok')
  const damaged = {
    exitCode: 12,
    stderr: `photos: the profile in ${path} is damaged, or of a later release of photos\n  sign in again: photos login URL --profile work; or remove it: photos logout --profile work\n`,
  }
  expect(await machine.photos(['ls', '--profile', 'work'])).toMatchObject(damaged)
  expect(await machine.photos(['logout', '--all-devices', '--profile', 'work'])).toMatchObject(damaged)
  expect(await machine.photos(['logout', '--profile', 'work'])).toEqual({
    exitCode: 0,
    stdout: `removed the damaged profile ${path}\n`,
    stderr: 'the remote still knows its session, if it had one: on another device of the account, photos devices lists it\n',
  })
  expect(await machine.photos(['ls', '--profile', 'work'])).toMatchObject({ exitCode: 10 })
})

test('denied: exit code 12, and nothing is kept', async () => {
  const { url } = await serveAccounts()
  const machine = await newMachine()
  expect(await machine.login([url], denied)).toMatchObject({
    exitCode: 12,
    stdout: '',
    stderr: expect.stringContaining(
      `photos: the sign-in was denied in the browser\n  if that was a mistake, try again: photos login ${url}\n`,
    ),
  })
  expect(existsSync(profilePath(machine.home))).toBe(false)
})

test('a remote that cannot be told is signed out of on this machine only', async () => {
  const backend = await serveAccounts()
  const machine = await newMachine()
  await machine.login([backend.url], approvedBy(anna))
  const deviceId = await deviceIdOf(machine)
  await backend.close()
  const { exitCode, stdout, stderr } = await machine.photos(['logout'], { clock: { delay: async () => {} } })
  expect({ exitCode, stdout }).toEqual({ exitCode: 5, stdout: '' })
  expect(stderr).toContain('photos: signed out on this machine only: the remote cannot be reached')
  expect(stderr).toContain(`photos login ${backend.url}, then photos devices revoke ${deviceId}\n`)
  expect(await readFile(profilePath(machine.home), 'utf8')).not.toMatch(/oken|ecret/)
})

async function deviceIdOf(machine: Awaited<ReturnType<typeof newMachine>>): Promise<string> {
  const { stdout } = await machine.photos(['whoami', '--json'])
  return /"device_id":"([^"]+)"/.exec(stdout)?.[1] ?? ''
}

/** As after half an hour. */
async function expireTokens(home: string): Promise<void> {
  const text = await readFile(profilePath(home), 'utf8')
  await writeFile(profilePath(home), text.replace(/"expiresAt": "[^"]+"/, '"expiresAt": "2020-01-01T00:00:00.000Z"'))
}
