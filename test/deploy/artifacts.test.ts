import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unzipSync } from 'fflate'
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { findPhotoResponseSchema } from '../../contract/photos.ts'
import { downloadsResponseSchema } from '../../contract/transfers.ts'
import { buildFunctions } from '../../deploy/build-functions.js'
import { makeZip } from '../../deploy/make-zip.js'
import { corpusFiles, corpusFolder } from '../corpus.ts'
import { type OriginalInTest, originalOf } from '../lambda/originals-in-test.ts'
import {
  formPost,
  publicGet,
  queueEvent,
  s3Message,
  s3TestMessage,
  signedIn,
  tokenRefresh,
} from '../lambda/recorded-events/recorded-events.ts'
import { signUp } from '../lambda/recorded-events/sign-up.ts'
import { type ApiFunction, confirmByEvent, post, sendByEvents } from '../lambda/send-by-events.ts'
import { openServicesInTest, type ServicesInTest } from '../lambda/services-in-test.ts'
import { type DeployedFunction, startDeployed } from './deployed-function.ts'
import { findNode24 } from './find-node-24.ts'
import { packaged, packagedTemplate } from './packaged-template.ts'

const names = ['api', 'auth', 'processUpload', 'authorizeRefresh', 'admitSignUp'] as const
type FunctionName = (typeof names)[number]

const owner = 'a4b8c408-0061-7001-8b1f-2f3c5e6d7a89'
const root = join(import.meta.dirname, '..', '..')
const nodes = [
  { version: `Node ${process.versions.node}`, node: process.execPath },
  { version: 'Node 24', node: findNode24() },
]

const functionSchema = z.object({
  Properties: z.object({
    Handler: z.string(),
    Runtime: z.literal('nodejs24.x'),
    Architectures: z.tuple([z.literal('arm64')]),
    Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
  }),
})

let folder = ''
let resources: Readonly<Record<string, unknown>> = {}

beforeAll(async () => {
  folder = (await packaged()).folder
  resources = (await packagedTemplate()).Resources
}, 300_000)

/** What the template says of a function. */
function propertiesOf(name: FunctionName) {
  const logicalId = `${name.charAt(0).toUpperCase()}${name.slice(1)}LambdaFunction`
  return functionSchema.parse(resources[logicalId]).Properties
}

const artifactOf = (name: FunctionName) => join(folder, `${name}.zip`)

/** In the environment that the template gives it, and Lambda itself. */
async function start(name: FunctionName, node: string, services: ServicesInTest): Promise<DeployedFunction> {
  const { Handler, Environment } = propertiesOf(name)
  const known = Object.entries(services.variables)
  const variables = Object.fromEntries(known.filter(([each]) => each.startsWith('AWS_') || each in Environment.Variables))
  return await startDeployed({ artifact: artifactOf(name), handler: Handler, node, variables })
}

describe.each(nodes)('unzipped into an empty folder, in $version', ({ node = '' }) => {
  const testHere = test.skipIf(node === '')

  testHere('a photo goes its whole way through the functions', { timeout: 180_000 }, async () => {
    const services = await openServicesInTest()
    const [apiFunction, processUpload] = await Promise.all([start('api', node, services), start('processUpload', node, services)])
    const api = apiOf(apiFunction)

    expect(JSON.parse((await api(publicGet('/.well-known/photos.json'))).body)).toMatchObject({ apiVersion: 1 })
    for (const { original, expected } of await samplePhotos()) {
      const { contentHash } = original.candidate
      await sendByEvents(api, owner, original)
      const event = queueEvent([s3TestMessage, s3Message(`uploads/${owner}/${contentHash}`)])
      expect(await processUpload.invoke(event)).toEqual({ kind: 'answered', result: { batchItemFailures: [] } })

      expect(await confirmByEvent(api, owner, original)).toBe('stored')
      const found = await api(signedIn('GET', `/v1/photos/${contentHash}`, { owner }))
      expect(findPhotoResponseSchema.parse(JSON.parse(found.body)).photo).toMatchObject(expected)
      expect(Buffer.compare(await download(api, original, 'original'), original.bytes)).toBe(0)
      if (expected.renditions.length === 0) continue
      expect(await sharp(await download(api, original, 'thumbnail')).metadata()).toMatchObject({ format: 'webp', width: 400 })
    }
    expect([apiFunction.complaints(), processUpload.complaints()]).toEqual(['', ''])
  })

  testHere('a device signs in, and refreshes its session until it is revoked', { timeout: 120_000 }, async () => {
    const services = await openServicesInTest()
    const [authFunction, authorizeRefresh] = await Promise.all([
      start('auth', node, services),
      start('authorizeRefresh', node, services),
    ])
    const auth = apiOf(authFunction)

    // Needs the secret of the parameter store, whose client is loaded only now.
    const asked = await auth(formPost('/oauth/device_authorization', { client_id: services.clientId, device_name: 'laptop' }))
    expect(JSON.parse(asked.body)).toMatchObject({ user_code: expect.stringMatching(/^[B-Z]{4}-[B-Z]{4}$/) })
    const claims = { auth_time: String(Math.floor(Date.now() / 1000)) }
    const registered = await auth(signedIn('POST', '/v1/devices', { owner, claims, json: { name: 'laptop' } }))
    const { deviceId, deviceSecret } = deviceSchema.parse(JSON.parse(registered.body))

    const event = tokenRefresh(owner, services.clientId, { device_id: deviceId, device_secret: deviceSecret })
    expect(await authorizeRefresh.invoke(event)).toEqual({ kind: 'answered', result: event })
    expect((await auth(signedIn('DELETE', `/v1/devices/${deviceId}`, { owner }))).statusCode).toBe(204)
    const refused = { kind: 'failed', name: 'RefreshRefusedError', message: 'this device is not signed in any more' }
    expect(await authorizeRefresh.invoke(event)).toEqual(refused)
    expect([authFunction.complaints(), authorizeRefresh.complaints()]).toEqual(['', ''])
  })
})

describe.each(nodes)('admitting who signs up, in $version', ({ node = '' }) => {
  test.skipIf(node === '')('Google brings along only whom the operator named', async () => {
    const variables = { PHOTOS_GOOGLE_EMAILS: 'ana@example.org' }
    const artifact = artifactOf('admitSignUp')
    const admitSignUp = await startDeployed({ artifact, handler: propertiesOf('admitSignUp').Handler, node, variables })
    const comes = (email: string) => signUp('PreSignUp_ExternalProvider', { email, email_verified: 'true' })

    expect(await admitSignUp.invoke(comes('ana@example.org'))).toEqual({ kind: 'answered', result: comes('ana@example.org') })
    expect(await admitSignUp.invoke(comes('eve@example.org'))).toMatchObject({ kind: 'failed', name: 'SignUpRefusedError' })
    expect(admitSignUp.complaints()).toBe('')
  })
})

describe.each(names)('the zip of %s', (name) => {
  test('holds its bundle, and Sharp for linux-arm64 where pictures are decoded', async () => {
    const files = await filesOf(name)
    const module = propertiesOf(name).Handler.replace('.handler', '.mjs')
    const others = [...files.keys()].filter((path) => !/^lambda\/[A-Za-z0-9-]+\.mjs$/.test(path))
    expect(files.has(module)).toBe(true)
    expect(files.has('lambda/exif-worker.mjs')).toBe(name === 'processUpload')
    const packages = new Set(others.map((path) => path.split('/').slice(0, 3).join('/')))
    const sharpPackages = ['node_modules/@img/sharp-libvips-linux-arm64', 'node_modules/@img/sharp-linux-arm64']
    expect([...packages].sort()).toEqual(name === 'processUpload' ? sharpPackages : [])
  })

  test('holds binaries for ARM with 64 bits, and for nothing else', async () => {
    const kinds = [...(await filesOf(name)).values()].map(binaryKindOf).filter((kind) => kind !== undefined)
    expect(kinds).toEqual(name === 'processUpload' ? ['ELF aarch64', 'ELF aarch64'] : [])
  })

  test('holds our code of lambda and contract, and the packages that it uses', async () => {
    const sources = sourcesIn(await filesOf(name))
    const own = sources.filter((source) => !source.startsWith('node_modules/'))
    const packages = new Set(sources.flatMap((source) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? []))
    expect(own.length).toBeGreaterThan(1)
    expect(own.filter((source) => !/^(lambda|contract)\//.test(source))).toEqual([])
    const neverDeployed = ['dynalite', 'oidc-provider', 'classic-level', 'commander', 'esbuild', 'serverless', 'vitest']
    expect(neverDeployed.filter((each) => packages.has(each))).toEqual([])
    expect({ sharp: packages.has('sharp'), exifr: packages.has('exifr'), hono: packages.has('hono') }).toEqual({
      sharp: name === 'processUpload',
      exifr: name === 'processUpload',
      hono: name === 'api' || name === 'auth',
    })
  })

  test('is small', async () => {
    const { length } = await readFile(artifactOf(name))
    expect(length).toBeLessThan(name === 'processUpload' ? 10_000_000 : 500_000)
  })

  test('says nothing of the machine that made it', async () => {
    for (const [path, bytes] of await filesOf(name)) {
      if (binaryKindOf(bytes) === undefined) expect(Buffer.from(bytes).includes(root), path).toBe(false)
    }
  })
})

test('Sharp has the version that the lockfile names', async () => {
  const files = await filesOf('processUpload')
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'))
  for (const name of ['node_modules/@img/sharp-linux-arm64', 'node_modules/@img/sharp-libvips-linux-arm64']) {
    const { version } = JSON.parse(Buffer.from(files.get(`${name}/package.json`) ?? []).toString())
    expect(version).toBe(packages[name].version)
  }
})

test('the same sources make the same zips', { timeout: 120_000 }, async () => {
  const again = await mkdtemp(join(tmpdir(), 'photos-artifacts-'))
  try {
    await buildFunctions([{ name: 'processUpload', handler: propertiesOf('processUpload').Handler }], again)
    const [first, second] = await Promise.all([folder, again].map((each) => readFile(join(each, 'processUpload.zip'))))
    expect(first !== undefined && second !== undefined && first.equals(second)).toBe(true)
  } finally {
    await rm(again, { recursive: true, force: true })
  }
})

test('a zip depends on names and bytes, neither on their order nor on the clock', () => {
  const files = Object.entries({ a: Buffer.from('one'), b: Buffer.from('another') })
  const zip = makeZip(new Map(files))
  expect(makeZip(new Map(files.toReversed()))).toEqual(zip)
  // MS-DOS time and date of the first file: midnight, 1 January 1980.
  expect(Buffer.from(zip).readUInt32LE(10)).toBe(0x0021_0000)
})

const deviceSchema = z.object({ deviceId: z.string(), deviceSecret: z.string() })

const apiAnswerSchema = z.object({
  kind: z.literal('answered'),
  result: z.object({ statusCode: z.int(), body: z.string() }),
})

function apiOf(deployed: DeployedFunction): ApiFunction {
  return async (event) => apiAnswerSchema.parse(await deployed.invoke(event)).result
}

const unzipped = new Map<FunctionName, Promise<ReadonlyMap<string, Uint8Array>>>()

/** Ten megabytes, which many tests look into and none changes. */
function filesOf(name: FunctionName): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = unzipped.get(name) ?? readFile(artifactOf(name)).then((zip) => new Map(Object.entries(unzipSync(zip))))
  unzipped.set(name, files)
  return files
}

/** Source: ELF-64 Object File Format, "ELF Header": the class at 4, the machine at 18. */
function binaryKindOf(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, 20))
  if (start.subarray(0, 4).toString('latin1') === '\x7fELF') {
    return start[4] === 2 && start.readUInt16LE(18) === 183 ? 'ELF aarch64' : 'ELF of another machine'
  }
  const others = { MZ: 'Windows', '\0asm': 'WebAssembly', '\xcf\xfa\xed\xfe': 'macOS', '\xca\xfe\xba\xbe': 'macOS' }
  return Object.entries(others).find(([magic]) => start.toString('latin1').startsWith(magic))?.[1]
}

/** esbuild writes above each module where it comes from. */
function sourcesIn(files: ReadonlyMap<string, Uint8Array>): readonly string[] {
  const scripts = [...files].filter(([path]) => path.endsWith('.mjs')).map(([, bytes]) => Buffer.from(bytes).toString())
  return scripts.flatMap((script) => [...script.matchAll(/^\/\/ ([\w@.-]+\/\S+)$/gm)].map(([, source = '']) => source))
}

interface SamplePhoto {
  readonly original: OriginalInTest
  /** What of it has to be found. */
  readonly expected: { readonly renditions: readonly unknown[]; readonly [field: string]: unknown }
}

const renditions = [expect.objectContaining({ name: 'thumbnail' }), expect.objectContaining({ name: 'view' })]

/** One that is made here, and some of the corpus. */
async function samplePhotos(): Promise<readonly SamplePhoto[]> {
  const exif = {
    IFD0: { Make: 'Demo', Model: 'Phone 7' },
    IFD2: { DateTimeOriginal: '2024:06:01 19:42:07', OffsetTimeOriginal: '+02:00' },
  }
  const made = await sharp({ create: { width: 3000, height: 2000, channels: 3, background: '#468' } })
    .withExif(exif)
    .jpeg()
    .toBuffer()
  const expected = { captureTime: '2024-06-01T19:42:07+02:00', camera: 'Demo Phone 7', widthPixels: 3000, renditions }
  return [{ original: originalOf(made, 'image/jpeg'), expected }, ...(await corpusPhotos())]
}

async function corpusPhotos(): Promise<readonly SamplePhoto[]> {
  const corpus = corpusFolder('dev')
  if (corpus === undefined) return []
  const wanted = [
    { path: 'DCIM/100MSDCF/DSC00001.JPG', contentType: 'image/jpeg', renditions },
    { path: 'iPhone de Zoë/DCIM/100APPLE/IMG_0013.DNG', contentType: 'image/x-adobe-dng', renditions: [] },
  ]
  const known = corpusFiles(corpus)
  const found = wanted.filter(({ path }) => existsSync(join(corpus, path)))
  return await Promise.all(
    found.map(async ({ path, contentType, renditions: made }) => {
      const original = originalOf(await readFile(join(corpus, path)), contentType)
      return { original, expected: { captureTime: known.find((each) => each.path === path)?.takenAt, renditions: made } }
    }),
  )
}

async function download(api: ApiFunction, { candidate }: OriginalInTest, variant: string): Promise<Buffer> {
  const json = { downloads: [{ contentHash: candidate.contentHash, variant }] }
  const [signed] = (await post(api, '/v1/downloads', { owner, json }, downloadsResponseSchema)).downloads
  if (signed?.kind !== 'ready') throw new Error('nothing was signed')
  return Buffer.from(await (await fetch(signed.request.url)).arrayBuffer())
}
