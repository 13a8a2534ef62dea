import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import * as z from 'zod'
import type { Clock } from '../../../cli/remote/retry.ts'
import { findProfile, type ProfilePlace, profilePath, type SignedInProfile, saveProfile } from '../../../cli/session/profile.ts'
import { withProfileLock } from '../../../cli/session/profile-lock.ts'
import type { Session } from '../../../cli/session/session.ts'
import { createSignedInSession } from '../../../cli/session/signed-in-session.ts'
import { ownerSchema } from '../../../contract/owner.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { bodyOf, listen } from '../remote/scripted-server.ts'
import { remoteConfigurationInTest } from '../remote-configuration-in-test.ts'

const start = Date.parse('2026-11-22T12:00:00Z')
const secret = 's'.repeat(43)
const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const idToken = (number: number): string => `${base64url({})}.${base64url({ sub: 'anna', iat: 0, exp: 1800, jti: number })}.x`

const requestSchema = z.strictObject({
  ClientId: z.literal('in-test'),
  RefreshToken: z.string(),
  ClientMetadata: z.strictObject({ device_id: z.literal('device12'), device_secret: z.literal(secret) }),
})

let place: ProfilePlace
let nowMs: number
let refreshes: string[]
/** What the user pool answers instead of tokens. */
let refusal: readonly [status: number, type: string] | 'no answer' | undefined
/** Resolves when a refresh may be answered. */
let held: Promise<void>
let url: string

beforeEach(async () => {
  place = { folder: join(await temporaryFolder(), 'photos', 'profiles'), name: 'default' }
  nowMs = start
  refreshes = []
  refusal = undefined
  held = Promise.resolve()
  url = await listen(async (request, response) => {
    const asked = requestSchema.parse(JSON.parse((await bodyOf(request)).toString()))
    expect(request.headers['x-amz-target']).toBe('AWSCognitoIdentityProviderService.GetTokensFromRefreshToken')
    refreshes.push(asked.RefreshToken)
    const number = refreshes.length
    await held
    if (refusal === 'no answer') return void request.socket.destroy()
    response.setHeader('content-type', 'application/x-amz-json-1.1')
    if (refusal) return void response.writeHead(refusal[0]).end(JSON.stringify({ __type: refusal[1], message: 'as scripted' }))
    const AuthenticationResult = {
      AccessToken: `access-${number}`,
      IdToken: idToken(number),
      RefreshToken: `refresh-${number}`,
      ExpiresIn: 1800,
      TokenType: 'Bearer',
    }
    response.end(JSON.stringify({ AuthenticationResult }))
  })
})

const clock: Clock = {
  now: () => nowMs,
  elapsed: () => nowMs,
  random: () => 0,
  delay: async (milliseconds) => {
    nowMs += milliseconds
    await new Promise((resolve) => setImmediate(resolve))
  },
}

function profileOf(secondsLeft: number, owner = 'anna'): SignedInProfile {
  return {
    version: 1,
    url,
    insecureHttp: false,
    remote: { remoteId: 'in-test', issuer: 'https://issuer.invalid/in-test' },
    session: {
      account: { owner: ownerSchema.parse(owner), email: 'anna@example.com' },
      device: { deviceId: 'device12', deviceSecret: secret, name: 'nas' },
      tokens: {
        accessToken: 'access-0',
        idToken: idToken(0),
        refreshToken: 'refresh-0',
        expiresAt: new Date(nowMs + secondsLeft * 1000).toISOString(),
      },
    },
  }
}

async function openSession(secondsLeft: number): Promise<Session> {
  const profile = profileOf(secondsLeft)
  await saveProfile(place, profile)
  return createSignedInSession(profile, { place, configuration: remoteConfigurationInTest(url), clock })
}

/** Another process: it knows what the file says now. */
async function openAgain(): Promise<Session> {
  const profile = await findProfile(place)
  if (!profile?.session) throw new Error('nobody is signed in')
  const signedIn = { ...profile, session: profile.session }
  return createSignedInSession(signedIn, { place, configuration: remoteConfigurationInTest(url), clock })
}

test('a token with time left is handed out as it is', async () => {
  const session = await openSession(121)
  expect([await session.accessToken(), await session.idToken()]).toEqual(['access-0', idToken(0)])
  expect(refreshes).toEqual([])
})

test('one refresh for all who ask, and the new tokens are in the file before anyone has them', async () => {
  const session = await openSession(119)
  const asked = Array.from({ length: 10 }, async (_, index) => {
    const token = await (index % 2 ? session.accessToken() : session.idToken())
    return [token, (await findProfile(place))?.session?.tokens]
  })
  const stored = {
    accessToken: 'access-1',
    idToken: idToken(1),
    refreshToken: 'refresh-1',
    expiresAt: new Date(start + 1_800_000).toISOString(),
  }
  expect(await Promise.all(asked)).toEqual(asked.map((_, index) => [index % 2 ? 'access-1' : idToken(1), stored]))
  expect(refreshes).toEqual(['refresh-0'])
  nowMs += 1_790_000
  expect(await session.accessToken()).toBe('access-2')
  expect(refreshes).toEqual(['refresh-0', 'refresh-1'])
})

test('many processes of one profile refresh once', async () => {
  const sessions = [await openSession(0), ...(await Promise.all(Array.from({ length: 5 }, openAgain)))]
  expect(await Promise.all(sessions.map((session) => session.accessToken()))).toEqual(sessions.map(() => 'access-1'))
  expect(refreshes).toEqual(['refresh-0'])
})

test('a token that the remote refuses is replaced, although it has time left', async () => {
  const session = await openSession(1800)
  expect(await session.accessToken({ refused: 'access-0' })).toBe('access-1')
  expect(await session.accessToken({ refused: 'access-0' })).toBe('access-1')
  expect(refreshes).toEqual(['refresh-0'])
})

test('a refresh for one token’s sake is not taken for another’s', async () => {
  const session = await openSession(119)
  let release = (): void => {}
  held = new Promise((resolve) => {
    release = resolve
  })
  const first = session.idToken()
  const second = session.accessToken({ refused: 'access-1' }) // as if it were the one that is under way
  release()
  expect([await first, await second]).toEqual([idToken(1), 'access-2'])
})

test.each([
  [400, 'NotAuthorizedException'],
  [400, 'RefreshTokenReuseException'],
  [400, 'UserLambdaValidationException'],
])('%s %s: the session has ended, exit code 12, and the file stays as it is', async (status, type) => {
  const session = await openSession(0)
  const before = await readFile(profilePath(place), 'utf8')
  refusal = [status, type]
  await expect(session.accessToken()).rejects.toMatchObject({
    name: 'UserError',
    exitCode: 12,
    message: `the session with ${new URL(url).host} has ended`,
    hint: `sign in again: photos login ${url}`,
  })
  expect(await readFile(profilePath(place), 'utf8')).toBe(before)
})

describe('where the user pool does not answer', () => {
  test.each<[string, typeof refusal]>([
    ['at all', 'no answer'],
    ['but with trouble', [500, 'InternalErrorException']],
    ['for all who ask', [400, 'TooManyRequestsException']],
  ])('%s: a token that is still good is used, and it is not asked again at once', async (_name, trouble) => {
    const session = await openSession(119)
    refusal = trouble
    expect([await session.accessToken(), await session.accessToken()]).toEqual(['access-0', 'access-0'])
    expect(refreshes).toHaveLength(4)
    nowMs += 15_000
    refusal = undefined
    expect(await session.accessToken()).toBe('access-5')
  })

  test('and the token has expired, or was refused: exit code 5', async () => {
    refusal = 'no answer'
    const unreachable = { name: 'UserError', exitCode: 5, message: expect.stringContaining('cannot be refreshed') }
    await expect((await openSession(5)).accessToken()).rejects.toMatchObject(unreachable)
    await expect((await openSession(1800)).accessToken({ refused: 'access-0' })).rejects.toMatchObject(unreachable)
  })
})

test('an error of the user pool holds no token', async () => {
  const session = await openSession(0)
  refusal = [400, 'InvalidUserPoolConfigurationException']
  const error: unknown = await session.accessToken().catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ name: 'UserError', exitCode: 5 })
  const message = `${new URL(url).host} refuses the refresh of the session: InvalidUserPoolConfigurationException`
  expect(error).toHaveProperty('message', message)
  expect(error).not.toHaveProperty('cause', expect.anything())
})

test('a run that began as one user does not go on as another, nor at another address, nor signed out', async () => {
  const session = await openSession(0)
  await saveProfile(place, profileOf(1800, 'bert'))
  await expect(session.accessToken()).rejects.toMatchObject({ exitCode: 12, message: expect.stringContaining('another account') })
  await saveProfile(place, { ...profileOf(1800), url: 'https://elsewhere.invalid' }) // whatever it says of itself
  await expect(session.accessToken()).rejects.toMatchObject({ exitCode: 12, message: expect.stringContaining('or remote') })
  const { session: _, ...signedOut } = profileOf(0)
  await saveProfile(place, signedOut)
  await expect(session.accessToken()).rejects.toMatchObject({ exitCode: 12, message: expect.stringContaining('not signed in') })
  expect(refreshes).toEqual([])
})

test('who gives up waiting does not stop the refresh', async () => {
  const session = await openSession(0)
  let release = (): void => {}
  held = new Promise((resolve) => {
    release = resolve
  })
  const stopping = new AbortController()
  const impatient = session.accessToken({ signal: stopping.signal })
  const patient = session.accessToken()
  stopping.abort(new Error('enough'))
  await expect(impatient).rejects.toThrow('enough')
  release()
  expect(await patient).toBe('access-1')
})

describe('the file', () => {
  test.each([
    ['cut short', '{"version": 1, "url": "http'],
    ['empty', ''],
    ['of a later release', '{"version": 2}'],
  ])('%s: exit code 12, and what it holds is not repeated', async (_name, text) => {
    await mkdir(place.folder, { recursive: true })
    await writeFile(profilePath(place), text)
    await expect(findProfile(place)).rejects.toMatchObject({
      exitCode: 12,
      message: `the profile in ${profilePath(place)} is damaged, or of a later release of photos`,
      hint: 'sign in again: photos login URL; or remove it: photos logout',
      cause: undefined,
    })
  })

  test('what a killed writer left behind is swept by the next who holds the lock', async () => {
    const session = await openSession(0)
    await writeFile(`${profilePath(place)}.0123456789ab.tmp`, '{"version": 1, "tok')
    await writeFile(join(dirname(profilePath(place)), 'work.json'), '{}')
    await session.accessToken()
    expect((await readdir(place.folder)).sort()).toEqual(['default.json', 'default.lock', 'work.json'])
  })
})

describe('the lock', () => {
  test('is held by one at a time', async () => {
    let [inside, most] = [0, 0]
    const work = async (): Promise<void> => {
      inside += 1
      most = Math.max(most, inside)
      await new Promise((resolve) => setImmediate(resolve))
      inside -= 1
    }
    await Promise.all(Array.from({ length: 8 }, () => withProfileLock(place, { clock }, work)))
    expect(most).toBe(1)
  })

  test('survives the damage of a power cut', async () => {
    await withProfileLock(place, { clock }, async () => {})
    await writeFile(join(place.folder, 'default.lock', 'CURRENT'), '')
    expect(await withProfileLock(place, { clock }, async () => 'held')).toBe('held')
  })

  test('is given up for after a while: exit code 11', async () => {
    await withProfileLock(place, { clock }, async () => {
      await expect(withProfileLock(place, { clock }, async () => {})).rejects.toMatchObject({ exitCode: 11 })
    })
  })
})
