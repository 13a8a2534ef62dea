import { appendFileSync, lstatSync } from 'node:fs'
import { appendFile, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fingerprintOf } from '../../../cli/state/file-record.ts'
import type { LocalState } from '../../../cli/state/local-state.ts'
import { createNoState } from '../../../cli/state/no-state.ts'
import { hash, hashFile } from '../../../cli/sync/hash.ts'
import type { ScannedFile } from '../../../cli/sync/scan.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { hashOf } from './remote-in-memory.ts'

function scanned(path: string): ScannedFile {
  const folder = dirname(path)
  const fingerprint = fingerprintOf(lstatSync(path))
  return { folder: { path: folder, location: 'DCIM', shown: folder }, name: basename(path), fingerprint, seenAtMs: 0 }
}

const { signal } = new AbortController()

function optionsInTest(maximumSizeBytes = 1e9) {
  return { maximumSizeBytes, buffer: Buffer.alloc(1000), signal }
}

async function fileInTest(name: string, content: string | Buffer): Promise<string> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, content)
  return path
}

const changed = { kind: 'failed', reason: 'changed while it was read; run again' }

describe('hashFile', () => {
  it.each([0, 1, 999, 1000, 1001, 5000])('hashes %d bytes', async (sizeBytes) => {
    const content = Buffer.alloc(sizeBytes, 'content')
    const path = await fileInTest('a.jpg', content)
    await utimes(path, 1_600_000_000, 1_600_000_000)
    const file = scanned(path)
    expect(await hashFile({ file, knownHash: undefined }, optionsInTest())).toEqual({
      kind: 'hashed',
      hashed: { file, contentHash: hashOf(content), contentType: 'image/jpeg', modificationTime: '2020-09-13T12:26:40Z' },
    })
  })

  it('does not read a file whose hash is known', async () => {
    const file = scanned(await fileInTest('a.jpg', 'content'))
    const knownHash = hashOf(Buffer.from('as remembered'))
    expect(await hashFile({ file, knownHash }, optionsInTest())).toMatchObject({ hashed: { contentHash: knownHash } })
  })

  it('tells by the first bytes what the name does not say', async () => {
    const photo = scanned(await fileInTest('IMG_1', Buffer.from('\xff\xd8\xff\xe0', 'latin1')))
    expect(await hashFile({ file: photo, knownHash: undefined }, optionsInTest())).toMatchObject({
      hashed: { contentType: 'image/jpeg' },
    })
    const text = scanned(await fileInTest('notes', 'text'))
    expect(await hashFile({ file: text, knownHash: undefined }, optionsInTest())).toEqual({ kind: 'not-media' })
  })

  it('refuses what is too large, and does not read it', async () => {
    const path = await fileInTest('a.mov', '')
    await truncate(path, 2 ** 40)
    expect(await hashFile({ file: scanned(path), knownHash: undefined }, optionsInTest(5_000_000))).toEqual({
      kind: 'failed',
      reason: 'too large: 1,099,511,627,776 bytes, and the remote takes at most 5,000,000',
    })
  })

  it('notices what has happened since the scan', async () => {
    const path = await fileInTest('a.jpg', 'content')
    const file = scanned(path)
    await appendFile(path, 'more')
    expect(await hashFile({ file, knownHash: undefined }, optionsInTest())).toEqual(changed)
    await rename(path, `${path}.old`)
    await symlink(`${path}.old`, path)
    expect(await hashFile({ file, knownHash: undefined }, optionsInTest())).toEqual({
      kind: 'failed',
      reason: 'a symbolic link now; it is not followed',
    })
    await rm(path)
    expect(await hashFile({ file, knownHash: undefined }, optionsInTest())).toEqual({ kind: 'failed', reason: 'no longer there' })
  })

  it('notices a writer at work while it reads', async () => {
    const path = await fileInTest('a.jpg', Buffer.alloc(5000))
    // The signal is looked at before each read: here the writer gets in between.
    const reads = { count: 0 }
    const writing = new Proxy(signal, {
      get(target, property) {
        if (property !== 'throwIfAborted') return Reflect.get(target, property)
        return () => {
          reads.count += 1
          if (reads.count === 3) appendFileSync(path, 'more')
        }
      },
    })
    const outcome = await hashFile({ file: scanned(path), knownHash: undefined }, { ...optionsInTest(), signal: writing })
    expect(outcome).toEqual(changed)
  })

  it('stops in the middle of a large file', async () => {
    const path = await fileInTest('a.mov', '')
    await truncate(path, 2 ** 33)
    const hashing = hashFile(
      { file: scanned(path), knownHash: undefined },
      { ...optionsInTest(1e12), signal: AbortSignal.timeout(1) },
    )
    await expect(hashing).rejects.toThrow()
  })
})

it('of a large original the hash outlives a power failure, since to read it again takes long', async () => {
  const folder = await temporaryFolder()
  const paths = ['small.mov', 'large.mov'].map((name) => join(folder, name))
  for (const [index, path] of paths.entries()) {
    await writeFile(path, 'content')
    await truncate(path, index * 64 * 2 ** 20)
  }
  const durable = new Map<string, boolean>()
  const remember: LocalState['remember'] = async (files, options) => {
    for (const { name } of files) durable.set(name, options.durable)
  }
  async function* files() {
    for (const path of paths) yield { file: scanned(path), knownHash: undefined }
  }
  const state = { ...createNoState(), remember }
  const options = { state, tell: async () => {}, maximumSizeBytes: 1e9, controller: new AbortController() }
  for await (const { file } of hash(files(), options)) expect(durable.has(file.name)).toBe(true)
  expect(durable).toEqual(
    new Map([
      ['small.mov', false],
      ['large.mov', true],
    ]),
  )
})
