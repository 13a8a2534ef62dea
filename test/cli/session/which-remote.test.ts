import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import * as z from 'zod'
import { Interruption } from '../../../cli/interruption.ts'
import { canMakeCertificates, makeCertificate } from '../../embedded/certificate-in-test.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { listen } from '../remote/scripted-server.ts'
import { remoteConfigurationInTest } from '../remote-configuration-in-test.ts'
import { type Machine, newMachine } from './signed-in-world.ts'

/** Of a flag with a value commander reads the variable from the process itself. */
function stubVariables(variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
}

/** A profile that nobody is signed in to: to use it is exit code 12, and no request. */
async function machineWithProfiles(...names: readonly string[]): Promise<Machine> {
  const machine = await newMachine()
  const folder = join(machine.home, '.config/photos/profiles')
  await mkdir(folder, { recursive: true })
  for (const name of names) {
    const remote = { remoteId: 'in-test', issuer: 'https://issuer.invalid' }
    await writeFile(join(folder, `${name}.json`), JSON.stringify({ version: 1, url: `https://${name}.invalid`, remote }))
  }
  return machine
}

const notSignedIn = (name: string) => ({ exitCode: 12, stderr: expect.stringContaining(`not signed in to ${name}.invalid`) })
const noLibrary = { exitCode: 10, stderr: expect.stringContaining('there is no library in') }

describe('which remote', () => {
  test('the profile default, where there is one; else the library of this machine', async () => {
    expect(await (await machineWithProfiles()).photos(['ls'])).toMatchObject(noLibrary)
    expect(await (await machineWithProfiles('default')).photos(['ls'])).toMatchObject(notSignedIn('default'))
    expect(await (await machineWithProfiles('work')).photos(['ls'])).toMatchObject(noLibrary)
  })

  test.each<[string, readonly string[], Readonly<Record<string, string>>, object]>([
    ['a typed profile', ['--profile', 'work'], {}, notSignedIn('work')],
    ['a typed library', ['--library', 'elsewhere'], {}, noLibrary],
    ['PHOTOS_PROFILE', [], { PHOTOS_PROFILE: 'work' }, notSignedIn('work')],
    ['PHOTOS_LIBRARY', [], { PHOTOS_LIBRARY: 'elsewhere' }, noLibrary],
    ['PHOTOS_LIBRARY before PHOTOS_PROFILE', [], { PHOTOS_LIBRARY: 'elsewhere', PHOTOS_PROFILE: 'work' }, noLibrary],
    ['a typed profile before PHOTOS_LIBRARY', ['--profile', 'work'], { PHOTOS_LIBRARY: 'elsewhere' }, notSignedIn('work')],
    ['a typed library before PHOTOS_PROFILE', ['--library', 'elsewhere'], { PHOTOS_PROFILE: 'work' }, noLibrary],
  ])('%s', async (_name, flags, variables, ended) => {
    const machine = await machineWithProfiles('default', 'work')
    stubVariables(variables)
    expect(await machine.photos(['ls', ...flags])).toMatchObject(ended)
  })

  test('both typed is a usage error', async () => {
    const machine = await machineWithProfiles('work')
    expect(await machine.photos(['ls', '--library', 'elsewhere', '--profile', 'work'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("'--library <dir>' and '--profile <name>' are two remotes; give one of them"),
    })
  })

  test.each(['ls', 'whoami', 'logout', 'devices'])('%s: a profile that is not there is exit code 10', async (command) => {
    const machine = await newMachine()
    expect(await machine.photos([command, '--profile', 'work'])).toMatchObject({
      exitCode: 10,
      stderr: 'photos: there is no profile work; nobody has signed in to it\n  sign in: photos login URL --profile work\n',
    })
    expect(await readdir(machine.home)).toEqual([])
  })

  test.each(['', '..', 'a/b', 'Work', 'a'.repeat(65)])('a profile named %j is a usage error', async (name) => {
    const machine = await newMachine()
    expect(await machine.photos(['ls', '--profile', name])).toMatchObject({ exitCode: 2 })
  })

  test('login without an address, and without a profile that has one, is a usage error', async () => {
    const machine = await newMachine()
    expect(await machine.photos(['login'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('photos login URL, where URL is what'),
    })
  })
})

describe('login', () => {
  test('over http to another machine is refused before anything is sent', async () => {
    const machine = await newMachine()
    expect(await machine.photos(['login', 'http://192.0.2.1:8420'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('add --insecure-http'),
    })
  })

  test('over http needs to be allowed once only for an address', async () => {
    const url = (await remoteThat(() => ({}))).replace('127.0.0.1', '[::ffff:7f00:1]')
    const machine = await newMachine()
    const folder = join(machine.home, '.config/photos/profiles')
    await mkdir(folder, { recursive: true })
    const remote = { remoteId: 'in-test', issuer: 'https://issuer.invalid' }
    await writeFile(join(folder, 'default.json'), JSON.stringify({ version: 1, url, insecureHttp: true, remote }))
    const untilAsked = { clock: { delay: async () => Promise.reject(new Interruption('SIGINT')) } }
    for (const commandLine of [['login'], ['login', url], ['login', url, '--profile', 'work', '--insecure-http']]) {
      expect(await machine.photos(commandLine, untilAsked)).toMatchObject({ exitCode: 130 })
    }
    expect(await machine.photos(['login', url, '--profile', 'work'])).toMatchObject({ exitCode: 2 })
  })

  test('is refused, too, by a remote whose sign-in would be over http', async () => {
    const url = await remoteThat((own) => ({
      endpoints: { ...remoteConfigurationInTest(own).endpoints, signIn: 'http://192.0.2.1' },
    }))
    const machine = await newMachine()
    expect(await machine.photos(['login', url])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('192.0.2.1') })
  })

  test('at what is no remote says so', async () => {
    const url = await listen((_request, response) => response.end('<html>a router</html>'))
    const machine = await newMachine()
    expect(await machine.photos(['login', url])).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining('is not a photos remote'),
    })
  })

  test.runIf(canMakeCertificates)('at a certificate that this machine does not trust says what to do', async () => {
    const { cert, key } = makeCertificate(await temporaryFolder(), 'IP:127.0.0.1')
    const server = createServer({ cert, key }).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = z.object({ port: z.int() }).parse(server.address())
    const machine = await newMachine()
    stubVariables({ NODE_EXTRA_CA_CERTS: '' })
    expect(await machine.photos(['login', `https://127.0.0.1:${port}`])).toEqual({
      exitCode: 5,
      stdout: '',
      stderr: [
        `photos: the certificate of 127.0.0.1:${port} is not trusted: it is self-signed`,
        `  if it is your own, name its file: NODE_EXTRA_CA_CERTS=FILE photos login https://127.0.0.1:${port}\n`,
      ].join('\n'),
    })
    stubVariables({ NODE_EXTRA_CA_CERTS: '/etc/other.crt' })
    expect(await machine.photos(['login', `https://127.0.0.1:${port}`])).toMatchObject({
      stderr: expect.stringContaining(
        '\n  NODE_EXTRA_CA_CERTS names /etc/other.crt, which does not hold the certificate of this server',
      ),
    })
  })

  test('by https at a server that speaks http only says so', async () => {
    const machine = await newMachine()
    const plain = new URL(await listen((_request, response) => response.end('{}'))).host
    expect(await machine.photos(['login', `https://${plain}`])).toEqual({
      exitCode: 5,
      stdout: '',
      stderr: [
        `photos: ${plain} does not speak https`,
        `  check the address and its port; on a network that you trust, without https: http://${plain} and --insecure-http\n`,
      ].join('\n'),
    })
  })

  test.runIf(canMakeCertificates)('by http at a server that speaks https only says so', async () => {
    const server = createServer(makeCertificate(await temporaryFolder(), 'IP:127.0.0.1')).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = z.object({ port: z.int() }).parse(server.address())
    const machine = await newMachine()
    const clock = { delay: async () => {} }
    expect(await machine.photos(['login', `http://127.0.0.1:${port}`], { clock })).toEqual({
      exitCode: 5,
      stdout: '',
      stderr: [
        `photos: 127.0.0.1:${port} does not speak http, or broke off`,
        `  it may want https: give its address as https://127.0.0.1:${port}\n`,
      ].join('\n'),
    })
  })

  test('interrupted while it waits: exit code 130, and nothing is kept', async () => {
    const url = await remoteThat(() => ({}))
    const machine = await newMachine()
    const stopping = new AbortController()
    const delay = async (_milliseconds: number, signal?: AbortSignal): Promise<void> => {
      stopping.abort(new Interruption('SIGINT'))
      signal?.throwIfAborted()
    }
    const ended = await machine.photos(['login', url], { clock: { delay }, signal: stopping.signal })
    expect(ended).toMatchObject({ exitCode: 130, stdout: '', stderr: expect.stringMatching(/\ninterrupted\n$/) })
    expect(existsSync(join(machine.home, '.config/photos/profiles/default.json'))).toBe(false)
  })
})

test('a session is not used with another remote that answers at the same address', async () => {
  const authorizations: (string | undefined)[] = []
  const url = await remoteThat(() => ({ remoteId: 'other' }), authorizations)
  const machine = await newMachine()
  const folder = join(machine.home, '.config/photos/profiles')
  await mkdir(folder, { recursive: true })
  const profile = {
    version: 1,
    url,
    remote: { remoteId: 'in-test', issuer: 'https://issuer.invalid/in-test' },
    session: {
      account: { owner: 'anna', email: 'anna@example.com' },
      device: { deviceId: 'device12', deviceSecret: 's'.repeat(43), name: 'nas' },
      tokens: { accessToken: 'a', idToken: 'i', refreshToken: 'r', expiresAt: '2999-01-01T00:00:00.000Z' },
    },
  }
  await writeFile(join(folder, 'default.json'), JSON.stringify(profile))

  for (const command of ['ls', 'whoami', 'devices']) {
    expect(await machine.photos([command])).toMatchObject({
      exitCode: 12,
      stderr: expect.stringContaining('another remote than the one that you signed in to'),
    })
  }
  // Signing out still takes the tokens away, without showing them to that one.
  expect(await machine.photos(['logout'])).toMatchObject({ exitCode: 12 })
  expect(await readFile(join(folder, 'default.json'), 'utf8')).not.toContain('Token')
  expect(new Set(authorizations)).toEqual(new Set([undefined]))
})

/** A remote that describes itself, begins sign-ins and approves none. */
async function remoteThat(
  changes: (url: string) => Partial<ReturnType<typeof remoteConfigurationInTest>>,
  authorizations: (string | undefined)[] = [],
): Promise<string> {
  const url: string = await listen((request, response) => {
    authorizations.push(request.headers.authorization)
    const body = {
      '/.well-known/photos.json': () => remoteConfigurationInTest(`http://${request.headers.host}`, changes(url)),
      '/oauth/device_authorization': () => ({
        device_code: 'the-device-code',
        user_code: 'WDJB-MJHT',
        verification_uri: `http://${request.headers.host}/device`,
        expires_in: 600,
      }),
    }[request.url ?? '']
    response.writeHead(body ? 200 : 400, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body?.() ?? { error: 'authorization_pending' }))
  })
  return url
}
