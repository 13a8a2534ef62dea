import { existsSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import type { Context } from '../../../cli/context.ts'
import { getToFile } from '../../../cli/remote/get.ts'
import { putBytes } from '../../../cli/remote/put.ts'
import { openRemote } from '../../../cli/session/open-remote.ts'
import { originalKey } from '../../../contract/object-keys.ts'
import { findServing } from '../../../embedded/serving.ts'
import { openLibraryInTest } from '../../embedded/library-in-test.ts'
import { begin, randomOriginal, store } from '../../lambda/originals-in-test.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { RecordedStream } from '../terminal/recorded-stream.ts'

/** A run that has found its library open elsewhere, with one original in it. */
async function joinedRun() {
  const home = await temporaryFolder()
  const folder = join(home, 'library')
  const host = await openLibraryInTest(folder)
  const original = randomOriginal(1000)
  await store(host, original)
  const context: Context = {
    stdin: Readable.from([]),
    stdout: new RecordedStream(),
    stderr: new RecordedStream(),
    environment: { HOME: home },
    now: () => new Date(),
    clock: {
      random: () => 0,
      delay: () => new Promise((resolve) => setImmediate(resolve)),
    },
    signal: new AbortController().signal,
  }
  const run = await openRemote({ library: folder, whenMissing: 'require', log: () => {} }, context)
  onTestFinished(run.close)
  return { folder, host, original, run }
}

test('a run goes on with its library itself when the one that had it open ends, and with what was signed there', async () => {
  const { folder, host, original, run } = await joinedRun()
  const another = randomOriginal(2000)
  const begun = await begin(run.remote, another)
  if (begun.kind !== 'put') throw new Error(`expected a put, got ${begun.kind}`)
  const { contentHash, contentType, sizeBytes } = original.candidate
  const sign = run.remote.signDownload(originalKey(host.session.owner, contentHash, contentType))
  await sign() // by credentials of the one that ends

  await host.close()

  await putBytes(begun.request, another.bytes, { transport: run.transport })
  await using file = await open(join(await temporaryFolder(), 'pulled'), 'w')
  expect(await getToFile(sign, file, { sizeBytes, transport: run.transport })).toBe(contentHash)
  await run.close()
  const { backend, remote } = await openLibraryInTest(folder)
  await backend.queue.whenIdle()
  expect(await remote.usage()).toMatchObject({ photos: 2 })
})

test('a run goes on with whoever has its library open by now, and opens it when that has ended, too', async () => {
  const { folder, host, original, run } = await joinedRun()
  await host.close()
  const next = await openLibraryInTest(folder)
  expect(await run.remote.usage()).toMatchObject({ photos: 1 })
  expect((await findServing(folder))?.url).toBe(next.backend.url)
  await next.close()
  const { contentHash, contentType } = original.candidate
  // By the identity pool, which is asked through the SDK.
  await run.remote.signDownload(originalKey(host.session.owner, contentHash, contentType))()
  expect(await run.remote.usage()).toMatchObject({ photos: 1 })
  await run.close()
  expect(await findServing(folder)).toBeUndefined()
})

test('requests that meet nobody at once open the library once', async () => {
  const { host, run } = await joinedRun()
  await host.close()
  const answers = await Promise.all(Array.from({ length: 20 }, () => run.remote.usage()))
  expect(answers.map(({ photos }) => photos)).toEqual(Array(20).fill(1))
})

test.each([
  ['is gone, as when its disk was unmounted', async (_folder: string) => {}],
  ['is another one', async (folder: string) => await (await openLibraryInTest(folder)).close()],
])('a library that %s is not taken over, and nothing is made in its place', async (_name, replace) => {
  const { folder, host, run } = await joinedRun()
  await host.close()
  await rename(folder, `${folder}-away`)
  await replace(folder)
  const before = existsSync(folder)
  await expect(run.remote.usage()).rejects.toMatchObject({ exitCode: 5, message: expect.stringContaining('has ended') })
  expect(existsSync(folder)).toBe(before)
})
