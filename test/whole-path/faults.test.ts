import { randomBytes } from 'node:crypto'
import { appendFile, copyFile, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type EmbeddedBackend, type EmbeddedOptions, serveLibrary } from '../../embedded/serve.ts'
import { announceServing } from '../../embedded/serving.ts'
import { onTestFinished } from 'vitest'
import { type Fault, type FaultProxy, type PassingRequest, startFaultProxy } from './fault-proxy.ts'
import { requireBackedUp, requireWholeFiles } from './library-checks.ts'
import { type Finished, outcomesOf, type PhotosUser, photosUser, summaryOf } from './photos-process.ts'
import { writeTree } from './tree.ts'

/** A user whose library is served by this process, at the far end of a wire that a test may damage. */
interface Wired {
  readonly user: PhotosUser
  readonly folder: string
  readonly proxy: FaultProxy
  sync(): Promise<Finished>
  /** Takes the backend away, and brings it back without the wire. */
  closeBackend(): Promise<void>
}

async function wired(
  files: Readonly<Record<string, Buffer>>,
  decide: (request: PassingRequest) => Fault | Promise<Fault>,
  options: Partial<EmbeddedOptions> = {},
): Promise<Wired> {
  const user = await photosUser()
  const folder = join(user.folder, 'camera')
  await writeTree(folder, files)
  const backend = await serveInTest({ folder: user.library, log: () => {}, ...options })
  const proxy = await startFaultProxy(backend.url, decide)
  await announceServing(user.library, proxy.url)
  const sync = () => user.photos('sync', folder, '--library', user.library, '--json')
  return { user, folder, proxy, sync, closeBackend: () => backend.close() }
}

async function serveInTest(options: EmbeddedOptions): Promise<EmbeddedBackend> {
  const backend = await serveLibrary(options)
  let closed: Promise<void> | undefined
  const close = () => (closed ??= backend.close())
  onTestFinished(close)
  return { ...backend, close }
}

const partBytes = 8 * 2 ** 20
/** One that goes up in parts: more than 64 MiB. */
const largeBytes = 66 * 2 ** 20

function clips(count: number): Record<string, Buffer> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`MVI_${index}.MP4`, randomBytes(50_000 + index)]))
}

test('an upload bucket that answers 503 to every third request', async () => {
  const files = { ...clips(30), 'large.MOV': randomBytes(largeBytes) }
  const { user, folder, proxy, sync } = await wired(files, ({ isUpload, count }) =>
    isUpload && count % 3 === 0 ? { kind: 'answer', status: 503 } : undefined,
  )
  expect(summaryOf(await sync())).toMatchObject({ uploaded: 31, failed: 0, exit_code: 0 })
  expect(proxy.faults).toBeGreaterThanOrEqual(13)
  await requireBackedUp(user, folder)
})

test('an API that answers 503 to every third call', async () => {
  const { user, folder, sync } = await wired(clips(10), ({ isUpload, count }) =>
    !isUpload && count % 3 === 0 ? { kind: 'answer', status: 503 } : undefined,
  )
  expect(summaryOf(await sync())).toMatchObject({ uploaded: 10, failed: 0, exit_code: 0 })
  await requireBackedUp(user, folder)
})

test('429 with Retry-After, from the API and from S3', async () => {
  const { user, folder, proxy, sync } = await wired(clips(3), ({ count }) =>
    count === 2 ? { kind: 'answer', status: 429, headers: { 'retry-after': '1' } } : undefined,
  )
  expect(summaryOf(await sync())).toMatchObject({ uploaded: 3, failed: 0, exit_code: 0 })
  expect(proxy.faults).toBe(2)
  await requireBackedUp(user, folder)
})

test('a wrong byte on the wire once, in one piece and in parts', async () => {
  const files = { 'small.MP4': randomBytes(300_000), 'large.MOV': randomBytes(largeBytes) }
  const { user, folder, proxy, sync } = await wired(files, ({ isUpload, count }) =>
    isUpload && count <= 3 ? { kind: 'wrong-byte' } : undefined,
  )
  expect(summaryOf(await sync())).toMatchObject({ uploaded: 2, failed: 0, exit_code: 0 })
  expect(proxy.faults).toBe(3)
  await requireBackedUp(user, folder)
})

test('a wire that always damages one file: it is named, the others are stored', async () => {
  const files = { 'bad.MP4': randomBytes(777_777), ...clips(3) }
  let isDamaged = true
  let path: string | undefined
  const { user, folder, sync } = await wired(files, (request) => {
    if (request.isUpload) path ??= request.path
    return isDamaged && request.path === path ? { kind: 'wrong-byte' } : undefined
  })
  const finished = await sync()
  expect(summaryOf(finished)).toMatchObject({ uploaded: 3, failed: 1, exit_code: 3 })
  expect(outcomesOf(finished).filter(({ action }) => action === 'failed')).toMatchObject([
    { path: expect.stringMatching(/\.MP4$/), reason: expect.stringContaining('bytes') },
  ])
  await requireWholeFiles(user.library)
  isDamaged = false
  expect(summaryOf(await sync())).toMatchObject({ uploaded: 1, already_stored: 3, failed: 0, exit_code: 0 })
  await requireBackedUp(user, folder)
})

test('connections that break in the middle of a body', async () => {
  const files = { ...clips(8), 'large.MOV': randomBytes(largeBytes) }
  const { user, folder, proxy, sync } = await wired(files, ({ isUpload, count }) =>
    isUpload && count % 4 === 1 ? { kind: 'reset', afterBytes: 20_000 } : undefined,
  )
  expect(summaryOf(await sync())).toMatchObject({ uploaded: 9, failed: 0, exit_code: 0 })
  expect(proxy.faults).toBeGreaterThanOrEqual(4)
  await requireBackedUp(user, folder)
})

test('a download that breaks is taken up again', async () => {
  const files = { 'large.MOV': randomBytes(20e6) }
  const { user, folder, sync } = await wired(files, () => undefined)
  expect(summaryOf(await sync())).toMatchObject({ uploaded: 1 })
  await requireBackedUp(user, folder)
})

test('a file that changes between hash and upload is named, and stored by the next run', async () => {
  const { user, folder, sync } = await wired({ ...clips(3), 'changing.MP4': randomBytes(200_000) }, async ({ path }) => {
    if (path === '/v1/uploads' && !hasChanged) {
      hasChanged = true
      await writeFile(join(folder, 'changing.MP4'), randomBytes(200_000))
    }
    return undefined
  })
  let hasChanged = false
  await requireNamedThenStored({ user, folder, sync }, 'changing.MP4', 3)
})

test('a file whose bytes change while its times stay as they are is never stored under the wrong hash', async () => {
  const { user, folder, sync } = await wired({ ...clips(2), 'changing.MP4': randomBytes(200_000) }, async ({ path }) => {
    if (path === '/v1/uploads' && !hasChanged) {
      hasChanged = true
      const file = join(folder, 'changing.MP4')
      await writeFile(file, randomBytes(200_000))
      await utimes(file, 1_500_000_000, 1_500_000_000)
    }
    return undefined
  })
  let hasChanged = false
  await requireNamedThenStored({ user, folder, sync }, 'changing.MP4', 2)
})

test('a file that changes while its parts go up is named, and stored by the next run', async () => {
  const { user, folder, sync } = await wired({ ...clips(2), 'large.MOV': randomBytes(largeBytes) }, async ({ path, isUpload }) => {
    if (isUpload && !hasChanged && (parts.add(path), parts.size > 2)) {
      hasChanged = true
      await appendFile(join(folder, 'large.MOV'), 'more')
    }
    return undefined
  })
  let hasChanged = false
  const parts = new Set<string>()
  await requireNamedThenStored({ user, folder, sync }, 'large.MOV', 2)
})

async function requireNamedThenStored({ user, folder, sync }: Pick<Wired, 'user' | 'folder' | 'sync'>, name: string, others: number) {
  const finished = await sync()
  expect(summaryOf(finished)).toMatchObject({ uploaded: others, failed: 1, exit_code: 3 })
  expect(outcomesOf(finished).filter(({ action }) => action === 'failed')).toMatchObject([
    { path: join(folder, name), reason: expect.stringMatching(/^changed while it was/) },
  ])
  await requireWholeFiles(user.library)
  expect(summaryOf(await sync())).toMatchObject({ uploaded: 1, already_stored: others, failed: 0, exit_code: 0 })
  await requireBackedUp(user, folder)
}
