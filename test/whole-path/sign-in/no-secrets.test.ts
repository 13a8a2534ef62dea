// The whole story with real processes: nothing that they say, on any stream and in any log, holds a secret.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { approveSignIn } from '../../../scripts/approve-sign-in.js'
import { findLastingPort } from '../lasting-port.ts'
import { type Finished, type PhotosUser, photosUser, type RunningPhotos } from '../photos-process.ts'
import { writeTree } from '../tree.ts'
import { type RecordingProxy, startRecordingProxy } from './recording-proxy.ts'
import { sampleJpeg } from './sample-jpeg.ts'
import { secretsOfExchange, secretsOfFolder } from './secrets-of.ts'

const email = 'alice@example.com'
const password = 'correct horse battery staple'

/** Whatever looks like one of these is a secret, or a piece of one. */
const patterns: Readonly<Record<string, RegExp>> = {
  'a JWT': /eyJ[\w-]{8,}\.eyJ[\w-]{8,}/,
  'a signature': /X-Amz-(Signature|Security-Token|Credential)=\S/i,
  'a bearer token': /Bearer [\w.~+/-]{16,}/i,
  'a cookie': /photos-sign-in[=:]/i,
  'a private key': /"d"\s*:\s*"|PRIVATE KEY/,
}

let user: PhotosUser
let proxy: RecordingProxy
let heard: { readonly what: string; readonly text: string }[]
let secrets: Set<string>
let userCodes: Set<string>
let profileFile: string

beforeEach(async () => {
  user = await photosUser()
  proxy = await startRecordingProxy()
  onTestFinished(() => proxy.close())
  heard = []
  secrets = new Set([password])
  userCodes = new Set()
  profileFile = join(user.folder, '.config/photos/profiles/default.json')
})

/** Listens to a command until its end. */
async function hear(what: string, running: Promise<Finished>): Promise<Finished> {
  const finished = await running
  heard.push({ what, text: `${finished.stdout}\n${finished.stderr}` })
  for (const secret of await secretsOfFolder(join(profileFile, '..')).catch(() => [])) secrets.add(secret)
  return finished
}

const photos = (...words: readonly string[]): Promise<Finished> => hear(words.join(' '), user.here(...words))

/** With a process: what anything in it writes is heard, whoever writes it. */
const typed = (...words: readonly string[]): Promise<Finished> => hear(words.join(' '), user.photos(...words))

const withPassword = (...words: readonly string[]): Promise<Finished> =>
  hear(words.join(' '), user.hereIn({ stdin: Readable.from([`${password}\n`]) }, ...words))

/** A process, and the person who decides; what the terminal shows of it may hold the user code, and nothing else may. */
async function typedLogin(): Promise<Finished> {
  const running = user.start(loginLine())
  const [userCode] = await running.saying(/[B-Z]{4}-[B-Z]{4}/, 'stderr')
  await decide(userCode, 'approve')
  return await hear('login', running.finished)
}

/** The same without a process: whoever decides does so while it waits for that. */
async function login(decision: Decision): Promise<Finished> {
  let decided: Promise<void> | undefined
  const delay = () => (decided ??= decide(lastUserCode(), decision))
  return await hear('login', user.hereIn({ clock: { delay } }, ...loginLine()))
}

type Decision = 'approve' | 'deny'

const loginLine = () => ['login', proxy.url, '--device', 'attic NAS']

async function decide(userCode: string, decision: Decision): Promise<void> {
  userCodes.add(userCode)
  await approveSignIn({ verificationUri: `${proxy.url}/device`, userCode, email, password, decision })
}

/** As it went over the wire. */
function lastUserCode(): string {
  const answers = proxy.exchanges.map(({ answerBody }) => /"user_code":"([B-Z]{4}-[B-Z]{4})"/.exec(answerBody)?.[1])
  return answers.findLast((code) => code !== undefined) ?? ''
}

async function serve(): Promise<RunningPhotos> {
  const listen = `127.0.0.1:${await findLastingPort()}`
  const serving = user.start(['serve', '--library', user.library, '--listen', listen, '--public-url', proxy.url])
  await serving.saying(/^serving /m)
  proxy.forwardTo(`http://${listen}`)
  return serving
}

/** Changes a value in the profile, as nobody should. */
async function damageProfile(name: string, value: string): Promise<void> {
  const text = await readFile(profileFile, 'utf8')
  await writeFile(profileFile, text.replace(new RegExp(`("${name}": )"[^"]*"`), `$1"${value}"`))
}

test('no output and no log of a whole story holds a token, a code, a signature or a password', async () => {
  const [camera, back] = [join(user.folder, 'camera'), join(user.folder, 'back')]
  await writeTree(camera, { 'IMG_1.JPG': await sampleJpeg('teal'), 'IMG_2.JPG': await sampleJpeg('olive') })
  expect(await withPassword('users', 'add', email, '--library', user.library)).toMatchObject({ exitCode: 0 })
  const serving = await serve()
  expect(await login('deny')).toMatchObject({ exitCode: 12 })
  expect(await typedLogin()).toMatchObject({ exitCode: 0 })

  const succeeding = [
    ['whoami'],
    ['whoami', '--json'],
    ['devices'],
    ['devices', 'list', '--json'],
    ['sync', camera, '--json'],
    ['ls', '--json'],
    ['pull', '--to', back, '--json'],
    ['sync', camera, '-n', '-v'],
    ['users', 'list', '--library', user.library],
  ]
  for (const words of [
    ['sync', camera, '-v'],
    ['pull', '--to', back, '-v'],
  ]) {
    expect([words, await typed(...words)]).toMatchObject([words, { exitCode: 0 }])
  }
  for (const words of succeeding) expect([words, await photos(...words)]).toMatchObject([words, { exitCode: 0 }])

  await damageProfile('accessToken', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ3cm9uZyJ9.c2lnbmF0dXJl')
  expect(await photos('ls')).toMatchObject({ exitCode: 0 })
  await damageProfile('expiresAt', new Date(0).toISOString())
  expect(await photos('ls')).toMatchObject({ exitCode: 0 })
  await damageProfile('expiresAt', new Date(0).toISOString())
  await damageProfile('refreshToken', 'a-refresh-token-that-nobody-gave')
  expect(await typed('pull', '--to', back, '-v')).toMatchObject({ exitCode: 12 })

  expect(await login('approve')).toMatchObject({ exitCode: 0 })
  proxy.decideWith(({ path }) => (path.includes('/v1/') ? 'lost' : 'delivered'))
  // Read from the process's own environment, wherever the rest comes from.
  onTestFinished(() => void vi.unstubAllEnvs())
  vi.stubEnv('PHOTOS_VERBOSE', '1')
  const unreachable = await photos('devices')
  vi.unstubAllEnvs()
  expect(unreachable).toMatchObject({ exitCode: 5 })
  proxy.decideWith(() => 'delivered')
  expect(await photos('logout')).toMatchObject({ exitCode: 0 })
  expect(await photos('sync', camera, '-v')).toMatchObject({ exitCode: 12 })
  expect(await withPassword('users', 'passwd', email, '--library', user.library)).toMatchObject({ exitCode: 0 })
  serving.child.kill('SIGINT')
  await hear('serve', serving.finished)

  for (const exchange of proxy.exchanges) for (const secret of secretsOfExchange(exchange)) secrets.add(secret)
  for (const secret of await secretsOfFolder(join(user.library, '.photos'))) secrets.add(secret)
  // Two sign-ins alone have six tokens, three device codes, two device secrets, and cookies.
  expect(secrets.size).toBeGreaterThan(40)
  const leaks = heard.flatMap(({ what, text }) => [
    ...[...secrets].filter((secret) => text.includes(secret)).map((secret) => `${what}: ${secret.slice(0, 4)}…`),
    ...Object.entries(patterns).flatMap(([name, pattern]) => (pattern.test(text) ? [`${what}: ${name}`] : [])),
    ...[...userCodes].filter((code) => what !== 'login' && text.includes(code)).map(() => `${what}: a user code`),
  ])
  expect(leaks).toEqual([])
  expect(heard.filter(({ text }) => text.trim() !== '').length).toBeGreaterThan(15)
}, 180_000)
