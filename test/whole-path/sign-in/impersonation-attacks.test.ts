// Attacks by a remote that somebody is talked into using: everything that another remote says of itself is public, and copied.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Interruption } from '../../../cli/interruption.ts'
import { type RemoteConfiguration, remoteConfigurationSchema } from '../../../contract/remote-configuration.ts'
import { serveLibrary } from '../../../embedded/serve.ts'
import { anna, approvedBy, type Machine, newMachine, serveAccounts } from '../../cli/session/signed-in-world.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { findLastingPort } from '../lasting-port.ts'
import { ask, jsonOf } from './http-answer.ts'
import { type Impersonator, startImpersonator } from './impersonator.ts'

/** The impersonator approves of itself. */
const nobody = async (): Promise<void> => {}

const profileFile = (machine: Machine, name = 'default') => join(machine.home, '.config/photos/profiles', `${name}.json`)

async function documentOf(url: string): Promise<RemoteConfiguration> {
  return remoteConfigurationSchema.parse(jsonOf(await ask(`${url}/.well-known/photos.json`)))
}

/** Every token and secret of a profile. */
async function secretsOf(machine: Machine): Promise<readonly string[]> {
  const profile = await readFile(profileFile(machine), 'utf8')
  return [...profile.matchAll(/"(?:accessToken|idToken|refreshToken|deviceSecret)": "([^"]+)"/g)].map(([, secret = '']) => secret)
}

function expectNothingCaught({ caught }: Impersonator, secrets: readonly string[]): void {
  expect(secrets).toHaveLength(4)
  expect(caught.filter(({ text }) => secrets.some((secret) => text.includes(secret)))).toEqual([])
}

test('a session that another sign-in replaces is ended at its own remote, whoever the new one says that it is', async () => {
  const good = await serveAccounts()
  const machine = await newMachine()
  await machine.login([good.url], approvedBy(anna))
  const secrets = await secretsOf(machine)
  const hostile = await startImpersonator({ copied: await documentOf(good.url) })

  const ended = await machine.login([hostile.url], nobody)

  expectNothingCaught(hostile, secrets)
  expect(ended).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('that session has been ended\n') })
  const access = secrets.find((secret) => secret.split('.').length === 3) ?? ''
  const devices = await ask(`${good.url}/v1/devices`, { headers: { authorization: `Bearer ${access}` } })
  expect(devices).toMatchObject({ status: 200, body: '{"devices":[]}' })
})

/** What was written just now is looked at again in any case. */
const later = { clock: { now: () => Date.now() + 60_000 } }

test('what a remote says to have stored is not believed of another, whoever it says that it is, and whomever it signs in', async () => {
  const good = await serveAccounts()
  const machine = await newMachine()
  const dcim = join(machine.home, 'DCIM')
  await mkdir(dcim)
  await writeFile(join(dcim, 'clip.mp4'), 'a clip')
  const hostile = await startImpersonator({ copied: await documentOf(good.url), owner: good.identity.owner })
  await machine.login([hostile.url, '--profile', 'hostile'], nobody)

  const poisoning = await machine.photos(['sync', dcim, '--profile', 'hostile'], later)
  expect(poisoning).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('already stored 1') })

  await machine.login([good.url], approvedBy(anna))
  expect(await machine.photos(['sync', dcim], later)).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^uploaded 1 /),
  })
  expect((await machine.photos(['ls'])).stdout).toContain('clip.mp4')
  expect(await machine.photos(['sync', dcim], later)).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('already stored 1'),
  })
})

/** All but one. */
function others({ endpoints }: RemoteConfiguration, name: keyof RemoteConfiguration['endpoints']) {
  const { [name]: _its, ...rest } = endpoints
  return rest
}

describe('a remote that names another’s endpoints beside its own', () => {
  test.each(['api', 'userPool', 'identityPool', 's3'] as const)('its %s alone: is not signed in to', async (name) => {
    const good = await serveAccounts()
    const machine = await newMachine()
    const copied = await documentOf(good.url)
    const hostile = await startImpersonator({ copied, endpoints: others(copied, name) })
    expect(await machine.login([hostile.url], approvedBy(anna))).toMatchObject({
      exitCode: 5,
      stdout: '',
      stderr: expect.stringContaining(`${new URL(hostile.url).host} is not a photos remote that can be trusted`),
    })
    expect(hostile.caught.map(({ path }) => path)).toEqual(['/.well-known/photos.json'])
    expect(await readdir(machine.home)).toEqual([])
  })

  test('after the sign-in: gets to see no token', async () => {
    const good = await serveAccounts()
    const machine = await newMachine()
    await machine.login([good.url], approvedBy(anna))
    const copied = await documentOf(good.url)
    const hostile = await startImpersonator({ copied, endpoints: others(copied, 'userPool') })
    const text = await readFile(profileFile(machine), 'utf8')
    await writeFile(profileFile(machine), text.replace(good.url, hostile.url))
    for (const command of [['whoami'], ['ls'], ['logout']]) expect(await machine.photos(command)).toMatchObject({ exitCode: 5 })
    expect(new Set(hostile.caught.map(({ path }) => path))).toEqual(new Set(['/.well-known/photos.json']))
  })

  test('for the sign-in only: the person is told where they sign in, and who gets the session', async () => {
    const copied = await documentOf((await serveAccounts()).url)
    const hostile = await startImpersonator({ copied, endpoints: { signIn: 'https://auth.example.com' } })
    const told = `you sign in at auth.example.com, and ${new URL(hostile.url).host} gets the session`
    const [byCode, byBrowser] = [await newMachine(), await newMachine()]
    expect(await byCode.login([hostile.url], nobody)).toMatchObject({ stderr: expect.stringContaining(told) })
    const stopping = new AbortController()
    const byBrowserEnded = byBrowser.photos(['login', hostile.url, '--browser'], {
      environment: { HOME: byBrowser.home, DISPLAY: ':0' },
      openBrowser: async () => stopping.abort(new Interruption('SIGINT')),
      signal: stopping.signal,
    })
    expect(await byBrowserEnded).toMatchObject({ exitCode: 130, stderr: expect.stringContaining(told) })
  })
})

test.each(['ssh://localhost/x', 'search-ms://127.0.0.1/q', 'file:///etc/passwd?', 'javascript:alert(1)//'])(
  'a sign-in page at %s opens no program',
  async (signIn) => {
    const hostile = await startImpersonator({ copied: await documentOf((await serveAccounts()).url), endpoints: { signIn } })
    const { home, photos } = await newMachine()
    const opened: string[] = []
    const changes = {
      environment: { HOME: home, DISPLAY: ':0' },
      openBrowser: async (url: string) => void opened.push(url),
    }
    for (const flags of [[], ['--insecure-http']]) {
      expect(await photos(['login', hostile.url, '--browser', ...flags], changes)).toMatchObject({
        exitCode: 5,
        stderr: expect.stringContaining('is not a photos remote'),
      })
    }
    expect(opened).toEqual([])
  },
)

test('a served library behind a public address is signed in to by that one only, and by its folder as ever', async () => {
  const folder = await temporaryFolder()
  const port = await findLastingPort()
  const backend = await serveLibrary({ folder, port, publicUrl: 'http://localhost:1', log: () => {} })
  onTestFinished(() => backend.close())
  const machine = await newMachine()
  expect(await machine.photos(['login', `http://127.0.0.1:${port}`])).toMatchObject({
    exitCode: 5,
    stderr: expect.stringContaining('use it: photos login http://localhost:1\n'),
  })
  expect(await machine.photos(['ls', '--library', folder])).toMatchObject({ exitCode: 0 })
})

test.each(['https://photos.example.com/device', 'javascript:alert(1)//', 'ssh://127.0.0.1/device', '/device', ''])(
  'a code is not to be typed at %j: nobody is sent there',
  async (verificationUri) => {
    const hostile = await startImpersonator({ copied: await documentOf((await serveAccounts()).url), verificationUri })
    const machine = await newMachine()
    const { exitCode, stderr } = await machine.photos(['login', hostile.url], { clock: { delay: nobody } })
    expect({ exitCode, stderr }).toEqual({ exitCode: 5, stderr: expect.not.stringContaining('BBBB-BBBB') })
    expect(hostile.caught.map(({ path }) => path)).toEqual(['/.well-known/photos.json', '/oauth/device_authorization'])
  },
)
