import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commandFor, loginCommand } from '../../../cli/session/hints.ts'
import { anna, approvedBy, type Machine, newMachine, serveAccounts } from './signed-in-world.ts'

const profilePath = ({ home }: Machine) => join(home, '.config/photos/profiles/parents.json')

/** Signed in with the profile `parents`, to an address where http had to be allowed. */
async function machineOfParents() {
  const backend = await serveAccounts()
  const machine = await newMachine()
  await machine.login([backend.url, '--profile', 'parents', '--insecure-http'], approvedBy(anna))
  const login = `photos login ${backend.url} --profile parents --insecure-http`
  return { backend, machine, login }
}

test('commands that a hint names are for the profile that they are about', () => {
  const [url, other] = ['https://photos.example.com', 'http://nas.local:8420']
  expect(commandFor('default', 'logout')).toBe('photos logout')
  expect(commandFor('parents', 'logout --all-devices')).toBe('photos logout --all-devices --profile parents')
  expect(loginCommand('default')).toBe('photos login URL')
  expect(loginCommand('default', { url, insecureHttp: false })).toBe(`photos login ${url}`)
  expect(loginCommand('parents', { url: other, insecureHttp: true })).toBe(
    `photos login ${other} --profile parents --insecure-http`,
  )
})

test('to revoke this machine, or one that is not there, names commands for the same profile', async () => {
  const { machine } = await machineOfParents()
  const { stdout } = await machine.photos(['whoami', '--json', '--profile', 'parents'])
  const own = /"device_id":"([^"]+)"/.exec(stdout)?.[1] ?? ''
  expect(await machine.photos(['devices', 'revoke', own, '--profile', 'parents'])).toMatchObject({
    stderr: 'photos: that is this machine\n  to end its session: photos logout --profile parents\n',
  })
  expect(await machine.photos(['devices', 'revoke', 'nobody', '--profile', 'parents'])).toMatchObject({
    stderr: expect.stringContaining('to see which are: photos devices --profile parents\n'),
  })
})

test('what is left to do of an unfinished sign-out is for the same profile', async () => {
  const { backend, machine, login } = await machineOfParents()
  await backend.close()
  const clock = { delay: async () => {} }
  expect(await machine.photos(['logout', '--all-devices', '--profile', 'parents'], { clock })).toMatchObject({
    exitCode: 5,
    stderr: expect.stringContaining(`once it answers: ${login}, then photos logout --all-devices --profile parents\n`),
  })
})

test('to end the sessions of all devices needs one of them', async () => {
  const { backend, machine, login } = await machineOfParents()
  const signedIn = await readFile(profilePath(machine), 'utf8')
  await machine.photos(['logout', '--profile', 'parents'])
  const { host } = new URL(backend.url)
  const hint = `  to end them: ${login}, then photos logout --all-devices --profile parents\n`
  expect(await machine.photos(['logout', '--all-devices', '--profile', 'parents'])).toEqual({
    exitCode: 12,
    stdout: '',
    stderr: `photos: nobody is signed in to ${host} on this machine; the sessions of other devices are as they were\n${hint}`,
  })
  // As after half an hour: its token has expired, and no other is to be had.
  await writeFile(profilePath(machine), signedIn.replace(/"expiresAt": "[^"]+"/, '"expiresAt": "2020-01-01T00:00:00.000Z"'))
  expect(await machine.photos(['logout', '--all-devices', '--profile', 'parents'])).toMatchObject({
    exitCode: 12,
    stderr: expect.stringContaining(hint),
  })
  expect(await machine.photos(['ls', '--profile', 'parents'])).toMatchObject({
    exitCode: 12,
    stderr: expect.stringContaining(`  sign in: ${login}\n`),
  })
})
