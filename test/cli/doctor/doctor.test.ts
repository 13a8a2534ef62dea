import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { takeTurn } from '../../../cli/doctor/take-turn.ts'
import { remoteConfigurationSchema } from '../../../contract/remote-configuration.ts'
import { storageBucket, uploadBucket } from '../../../embedded/functions.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { anna, approvedBy, newMachine, serveAccounts } from '../session/signed-in-world.ts'
import { diagnosisOf, doctor, everythingOk, leftIn, misdescribed, servedLibrary, typed } from './doctor-in-test.ts'

describe('a remote that is well', () => {
  test('a library that another process serves: every line is ok, and nothing is left', async () => {
    const library = await servedLibrary()
    const { exitCode, results, summary } = await doctor(['--library', library.folder])
    expect({ exitCode, results }).toEqual({ exitCode: 0, results: everythingOk })
    expect(summary).toMatchObject({ ok: 8, faults: 0, not_checked: 0, exit_code: 0 })
    expect(await leftIn(library)).toEqual([])
  })

  test('a library that nobody serves, for a person: a line a check', async () => {
    const library = await servedLibrary()
    await library.backend.close()
    const { exitCode, stdout, stderr } = await typed(['doctor', '--library', library.folder])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const lines = stdout.trimEnd().split('\n')
    expect(lines.map((line) => line.split(/ +/).slice(0, 2).join(' '))).toEqual([
      ...Object.keys(everythingOk).map((check) => `ok ${check}`),
      'all is',
    ])
    expect(stdout).toContain('ok     pull           the probe came back, bit for bit')
  })

  test.each(['serves', 'does not serve'])('several doctors at once, of a library that somebody %s', async (verb) => {
    const library = await servedLibrary()
    if (verb === 'does not serve') await library.backend.close()
    const several = await Promise.all([1, 2, 3].map(() => doctor(['--library', library.folder])))
    expect(several.map(({ results }) => results)).toEqual(several.map(() => everythingOk))
  })

  test('another doctor of the library takes for ever: exit code 11', async () => {
    const library = await servedLibrary()
    await using _turn = await heldTurn(library.folder)
    const { exitCode, messages } = await doctor(['--library', library.folder], { clock: instantly })
    expect(exitCode).toBe(11)
    expect(messages['configuration']).toBe(`another run of photos doctor is at work with the library ${library.folder}`)
  })

  test('a library is called by its folder, not by an address', async () => {
    const library = await servedLibrary()
    const { messages } = await doctor(['--library', library.folder])
    expect(messages['configuration']).toBe(`the library ${library.folder} describes itself, API version 1`)
    expect(messages['clock']).toContain(`from that of the library ${library.folder}`)
  })

  test('a remote that somebody is signed in to: says who, and by a session that it has refreshed', async () => {
    const backend = await serveAccounts()
    const machine = await newMachine()
    await machine.login([backend.url], approvedBy(anna))
    const { results, messages } = diagnosisOf(await machine.photos(['doctor', '--json'], { now: () => new Date() }))
    expect(results).toEqual(everythingOk)
    expect(messages['sign-in']).toBe(`${anna.email}, on nas; the session can be refreshed`)
  })
})

/** The eight of which a person must be told what is wrong, and what to do. */
describe('a remote that is broken', () => {
  test.each([20, -20])(
    'the clock is %d minutes ahead: by how much, and how to set it; all else goes on by the remote’s',
    async (minutes) => {
      const library = await servedLibrary()
      const now = () => Date.now() + minutes * 60_000
      const { exitCode, results, messages, hints } = await doctor(['--library', library.folder], { clock: { now } })
      expect({ exitCode, results }).toEqual({ exitCode: 15, results: { ...everythingOk, clock: 'fault' } })
      expect(messages['clock']).toMatch(
        /^the clock of this machine is (20 min 0\d s ahead of|(19 min 5\d|20 min 0\d) s behind) that of the library \//,
      )
      if (process.platform === 'linux') expect(hints['clock']).toContain('sudo timedatectl set-ntp true')
    },
  )

  test('the session is revoked: sign in again', async () => {
    const backend = await serveAccounts()
    const [machine, other] = [await newMachine(), await newMachine()]
    await machine.login([backend.url], approvedBy(anna))
    await other.login([backend.url], approvedBy(anna))
    await other.photos(['logout', '--all-devices'])
    const { exitCode, results, messages, hints } = diagnosisOf(await machine.photos(['doctor', '--json']))
    expect({ exitCode, signIn: results['sign-in'], clock: results['clock'] }).toEqual({
      exitCode: 12,
      signIn: 'fault',
      clock: 'ok',
    })
    expect(messages['sign-in']).toBe(`the session with ${new URL(backend.url).host} has ended`)
    expect(hints['sign-in']).toBe(`sign in again: photos login ${backend.url}`)
    expect(messages['upload']).toBe('nobody is signed in')
  })

  test('the bucket for uploads is gone', async () => {
    const library = await servedLibrary()
    await rm(join(library.folder, '.photos', 'uploads'), { recursive: true })
    const { exitCode, results, messages, hints } = await doctor(['--library', library.folder])
    const notChecked = { confirmation: 'not_checked', pull: 'not_checked', removal: 'not_checked' }
    expect({ exitCode, results }).toEqual({ exitCode: 5, results: { ...everythingOk, upload: 'fault', ...notChecked } })
    expect(messages['upload']).toBe('the bucket for uploads is gone (NoSuchBucket)')
    expect(hints['upload']).toContain('npm run deploy')
    expect(await leftIn(library)).toEqual([])
  })

  test('the bucket of the originals is gone', async () => {
    const library = await servedLibrary()
    await misdescribed(library, { storageBucket: 'photos-elsewhere' })
    const { exitCode, results, messages } = await doctor(['--library', library.folder])
    expect({ exitCode, results }).toEqual({ exitCode: 5, results: { ...everythingOk, pull: 'fault' } })
    expect(messages['pull']).toBe('the bucket of the originals, photos-elsewhere, is gone (NoSuchBucket)')
    expect(await leftIn(library)).toEqual([])
  })

  test('the queue is stuck: gives up after the time it was given, and looks at what can be looked at', async () => {
    const library = await servedLibrary()
    library.backend.queue.stop()
    let waitedMs = 0
    const delay = async (milliseconds: number) => {
      waitedMs += milliseconds
    }
    // A clock that is set forward and back while it waits changes nothing.
    const now = () => Date.now() + (waitedMs > 20_000 ? -3_600_000 : waitedMs > 0 ? 3_600_000 : 0)
    const clock = { now, elapsed: () => waitedMs, delay }
    const { exitCode, results, messages, hints } = await doctor(['--library', library.folder, '--wait', '40'], { clock })
    const faults = { confirmation: 'fault', pull: 'not_checked' }
    expect({ exitCode, results }).toEqual({ exitCode: 5, results: { ...everythingOk, ...faults } })
    expect(messages['confirmation']).toBe('the queue is stuck: the probe was not processed within 40.0 s')
    expect(hints['confirmation']).toContain('dead letters')
    library.backend.queue.resume()
    await library.backend.queue.whenIdle()
    expect(await leftIn(library)).toEqual([])
  })

  test('the API cannot be reached', async () => {
    const backend = await serveAccounts()
    const machine = await newMachine()
    await machine.login([backend.url], approvedBy(anna))
    await backend.close()
    const { exitCode, results, messages, hints } = diagnosisOf(await machine.photos(['doctor', '--json'], { clock: instantly }))
    expect(exitCode).toBe(5)
    expect(results).toMatchObject({ configuration: 'fault', 'sign-in': 'not_checked', upload: 'not_checked' })
    expect(messages['configuration']).toContain(`the remote cannot be reached: ${new URL(backend.url).host}`)
    expect(hints['configuration']).toContain('check the network')
  })

  test('the region is a wrong one: the right one, as S3 says it', async () => {
    const library = await servedLibrary()
    await misdescribed(library, { region: 'eu-central-1' })
    const { exitCode, results, messages, hints } = await doctor(['--library', library.folder])
    expect({ exitCode, results }).toEqual({ exitCode: 5, results: { ...everythingOk, pull: 'fault' } })
    expect(messages['pull']).toBe(
      'wrong region: the bucket of the originals, photos-storage, is in us-east-1, but the remote says that it is in eu-central-1',
    )
    expect(hints['pull']).toContain('npm run deploy -- --region us-east-1')
  })

  test('the role of signed-in users lacks a right', async () => {
    const library = await servedLibrary({ permissions: { owner: () => [] } })
    const { exitCode, results, messages, hints } = await doctor(['--library', library.folder])
    expect({ exitCode, results }).toEqual({ exitCode: 5, results: { ...everythingOk, pull: 'fault' } })
    expect(messages['pull']).toContain('the role of signed-in users lacks s3:GetObject')
    expect(hints['pull']).toContain('npm run deploy')
    expect(await leftIn(library)).toEqual([])
  })

  test('the role of the API lacks a right', async () => {
    const all = { prefix: '', actions: ['read', 'list', 'delete', 'write'] } as const
    const functions = [
      { bucket: storageBucket, ...all },
      { bucket: uploadBucket, prefix: '', actions: ['read', 'list', 'delete'] } as const,
    ]
    const library = await servedLibrary({ permissions: { functions } })
    const { exitCode, results, messages } = await doctor(['--library', library.folder])
    expect({ exitCode, upload: results['upload'] }).toEqual({ exitCode: 5, upload: 'fault' })
    expect(messages['upload']).toContain('the role of the function `api` lacks s3:PutObject on uploads/*')
  })

  test.each([
    {
      version: 0,
      result: 'fault',
      says: /^the remote is older than this photos: it speaks API version 0, this photos 1$/,
      hint: /npm run deploy/,
    },
    { version: 2, result: 'fault', says: /^the remote is newer than this photos/, hint: /^update photos/ },
  ])('it speaks API version $version: which side to update', async ({ version, says, hint }) => {
    const library = await servedLibrary()
    await misdescribed(library, { apiVersion: version })
    const { exitCode, messages, hints } = await doctor(['--library', library.folder])
    expect(exitCode).toBe(5)
    expect(messages['configuration']).toMatch(says)
    expect(hints['configuration']).toMatch(hint)
  })

  test('it is of a release that knows no probes', async () => {
    const library = await servedLibrary()
    const { endpoints } = await describedBy(library.backend.url)
    await misdescribed(library, { endpoints: { ...endpoints, api: '$URL' } })
    const { exitCode, results, messages, hints } = await doctor(['--library', library.folder])
    expect({ exitCode, upload: results['upload'] }).toEqual({ exitCode: 5, upload: 'fault' })
    expect(messages['upload']).toBe('the remote is older than this photos: it knows no probes')
    expect(hints['upload']).toContain('npm run deploy')
  })
})

describe('where there is nothing to look at', () => {
  test('no library: exit code 10, and every check is told', async () => {
    const { exitCode, results, hints } = await doctor(['--library', await temporaryFolder()])
    expect({ exitCode, configuration: results['configuration'] }).toEqual({ exitCode: 10, configuration: 'fault' })
    expect(hints['configuration']).toContain('photos sync DIR')
    expect(Object.keys(results)).toEqual(Object.keys(everythingOk))
  })
})

const instantly = { delay: async () => {} }

async function heldTurn(folder: string): Promise<AsyncDisposable> {
  const turn = await takeTurn(folder, instantly, new AbortController().signal)
  return { [Symbol.asyncDispose]: () => turn.close() }
}

async function describedBy(url: string) {
  const answer: unknown = await (await fetch(`${url}/.well-known/photos.json`)).json()
  return remoteConfigurationSchema.pick({ endpoints: true }).parse(z.unknown().parse(answer))
}
