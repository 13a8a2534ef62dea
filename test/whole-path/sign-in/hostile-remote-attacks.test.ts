import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { formatBug } from '../../../cli/terminal/visible.ts'
import { type Machine, newMachine } from '../../cli/session/signed-in-world.ts'
import { deviceAuthorization, type Hostility, hostileRemote, jwtOf, oauthTokens } from './hostile-remote.ts'

/** Changes the title, empties the screen, paints it red, turns the text around. */
const escapes = '\u001b]0;PWNED\u0007\u001b[2J\u001b[31m\u202eend'
// biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may reach a terminal
const raw = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/
const delay = async (): Promise<void> => {}
const instantly = { clock: { delay } }

async function login(hostility: Hostility, ...flags: readonly string[]) {
  const remote = await hostileRemote(hostility)
  const ended = await (await newMachine()).photos(['login', remote.url, ...flags], instantly)
  return { ...ended, host: new URL(remote.url).host }
}

describe('what a remote says never reaches the terminal as it is', () => {
  const said = { code: escapes, message: escapes }
  test.each<[string, Hostility, number]>([
    ['the user code', { '/oauth/device_authorization': [200, { ...deviceAuthorization, user_code: escapes }] }, 0],
    [
      'the page',
      { '/oauth/device_authorization': [200, { ...deviceAuthorization, verification_uri: `https://photos.invalid/${escapes}` }] },
      0,
    ],
    ['the account', { '/oauth/token': [200, { ...oauthTokens, id_token: jwtOf({ sub: 'm', email: escapes }) }] }, 0],
    ['an error of OAuth', { '/oauth/token': [400, { error: escapes, error_description: escapes }] }, 12],
    ['a token type', { '/oauth/token': [200, { ...oauthTokens, token_type: escapes }] }, 5],
    ['an error of the API', { '/v1/devices': [400, { error: said }] }, 5],
    ['a refused name', { '/.well-known/photos.json': [418, { error: said }] }, 5],
    ['a device', { '/v1/devices': [201, { deviceId: escapes, deviceSecret: 'x' }] }, 5],
  ])('%s', async (_name, hostility, exitCode) => {
    const ended = await login(hostility)
    expect(ended).toMatchObject({ exitCode })
    expect(ended.stdout + ended.stderr).not.toMatch(raw)
  })

  test.each<[string, Hostility[string]]>([
    ['an error’s name', [400, { __type: escapes, message: escapes }]],
    ['an error’s name of one line', [400, { __type: 'PWNED\u001b[31m', message: '' }]],
    ['tokens', [200, { AuthenticationResult: { AccessToken: escapes, IdToken: escapes, ExpiresIn: 5 } }]],
    ['no tokens', [200, {}]],
  ])('%s of the user pool', async (_name, answer) => {
    const { machine, remote } = await signedInWithOldTokens()
    remote.answer({ GetTokensFromRefreshToken: answer })
    const ended = await machine.photos(['whoami'], instantly)
    expect(ended).toMatchObject({ exitCode: 5, stdout: '', stderr: expect.stringMatching(/^photos: /) })
    expect(ended.stderr).not.toMatch(raw)
    expect(ended.stderr).not.toContain('refresh-token')
  })

  test('not in a stack trace, either', () => {
    const text = formatBug(new Error(`it says ${escapes}`, { cause: new Error(escapes) }))
    expect(text).not.toMatch(raw)
    expect(text).toMatch(/^Error: it says .+\n +at /)
  })
})

describe('what no remote answers ends with exit code 5, and no stack trace', () => {
  const lie = (status: number, body: unknown) => [status, body] as const
  test.each<[string, Hostility]>([
    ['no ID token', { '/oauth/token': lie(200, { access_token: 'access', token_type: 'Bearer' }) }],
    ['a garbled ID token', { '/oauth/token': lie(200, { ...oauthTokens, id_token: 'x' }) }],
    ['an ID token for nobody', { '/oauth/token': lie(200, { ...oauthTokens, id_token: jwtOf({ sub: ['a'] }) }) }],
    ['tokens elsewhere', { '/oauth/token': (_request, response) => response.writeHead(302, { location: '/' }).end() }],
    [
      'a remote elsewhere',
      { '/.well-known/photos.json': (_request, response) => response.writeHead(302, { location: '/' }).end() },
    ],
    ['endless tokens', { '/oauth/token': endless }],
    ['an endless remote', { '/.well-known/photos.json': endless }],
    ['a device elsewhere', { '/v1/devices': lie(302, {}) }],
    ['a page in place of a device', { '/v1/devices': (_request, response) => response.writeHead(200).end('<html>') }],
  ])('%s', async (_name, hostility) => {
    const { exitCode, stderr } = await login(hostility)
    expect(exitCode).toBe(5)
    expect(stderr).toMatch(/^photos: .*not (what )?a photos remote/m)
  })
})

test('a device too many says what to do', async () => {
  const tooMany = { error: { code: 'too_many_devices', message: '100 devices are signed in; revoke one first' } }
  const { exitCode, stderr, host } = await login({ '/v1/devices': [409, tooMany] })
  expect(exitCode).toBe(12)
  expect(stderr).toContain(
    `photos: the account has as many devices at ${host} as it may have\n  on one of them, revoke one first: photos devices revoke ID\n`,
  )
})

function endless(_request: unknown, response: import('node:http').ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write(spaces)) {}
  }
  response.writeHead(200, { 'content-type': 'application/json' }).on('drain', more)
  more()
}
const spaces = Buffer.alloc(2 ** 18, ' ')

async function signedInWithOldTokens(): Promise<{ machine: Machine; remote: Awaited<ReturnType<typeof hostileRemote>> }> {
  const [remote, machine] = [await hostileRemote(), await newMachine()]
  expect(await machine.photos(['login', remote.url], instantly)).toMatchObject({ exitCode: 0 })
  const path = join(machine.home, '.config/photos/profiles/default.json')
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.replace(/"expiresAt": "[^"]+"/, '"expiresAt": "2020-01-01T00:00:00.000Z"'))
  return { machine, remote }
}
