// Attacks by a remote that somebody is talked into using: everything that another remote says of itself is public, and copied.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type RemoteConfiguration, remoteConfigurationSchema } from '../../../contract/remote-configuration.ts'
import { anna, approvedBy, type Machine, newMachine, serveAccounts } from '../../cli/session/signed-in-world.ts'
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
