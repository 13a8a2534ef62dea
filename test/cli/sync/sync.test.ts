import { constants } from 'node:fs'
import { appendFile, mkdir, open, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { TransferError, UserError } from '../../../cli/errors.ts'
import { openLocalState } from '../../../cli/state/local-state.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { createRemoteInMemory, hashOf } from './remote-in-memory.ts'
import { clockAhead, onlyOwner, runSync } from './run-sync.ts'

/** A synced folder `DCIM` beside a place for the state. */
async function cardFolder(
  files: Record<string, string | Buffer>,
): Promise<{ readonly dcim: string; readonly stateFolder: string }> {
  const stateFolder = await temporaryFolder()
  const dcim = join(stateFolder, 'DCIM')
  await mkdir(dcim)
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(dcim, path, '..'), { recursive: true })
    await writeFile(join(dcim, path), content)
  }
  return { dcim, stateFolder }
}

describe('sync', () => {
  it('backs up what is there and names every file as its folder does', async () => {
    const { dcim, stateFolder } = await cardFolder({
      '100/IMG_1.JPG': 'one',
      '100/IMG_1.xmp': 'sidecar',
      'notes.txt': 'no photo',
    })
    await utimes(join(dcim, '100/IMG_1.JPG'), 1_600_000_000.5, 1_600_000_000.5)
    const backend = createRemoteInMemory()
    const run = await runSync([dcim], { ...backend, stateFolder })
    expect(run.counts).toEqual({ uploaded: 2, skipped: 1 })
    expect(run.movedBytes).toBe(10)
    expect(run.outcomes).toContainEqual({
      action: 'skipped',
      path: join(dcim, 'notes.txt'),
      sizeBytes: 8,
      reason: 'not a photo, video or sidecar',
    })
    expect(backend.stored.get(hashOf(Buffer.from('one')))).toEqual({
      bytes: Buffer.from('one'),
      locations: [
        {
          device: 'laptop',
          path: 'DCIM/100/IMG_1.JPG',
          sourceId: expect.stringMatching(/^[0-9a-f]{16}$/),
          modificationTime: '2020-09-13T12:26:40.5Z',
        },
      ],
    })
  })

  it("backs up Takeout's JSON, whatever its name, and no other", async () => {
    const { dcim, stateFolder } = await cardFolder({
      'IMG_1.jpg.supplemental-metad.json': '{"title":"IMG_1.jpg","photoTakenTime":{"timestamp":"1"}}',
      'old.json': '{"title":"IMG_1.jpg","creationTime":{"timestamp":"1"}}',
      'métadonnées.json': '{"title":"Album","access":"protected","date":{"timestamp":"1"}}',
      'package.json': '{"title":"a","name":"b"}',
      'empty.json': '',
    })
    const backend = createRemoteInMemory()
    const run = await runSync([dcim], { ...backend, stateFolder })
    expect(run.counts).toEqual({ uploaded: 3, skipped: 2 })
    expect((await runSync([dcim], { ...backend, stateFolder })).counts).toEqual({ already_stored: 3, skipped: 2 })
  })

  it('tells of every file that it found exactly once', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'a', 'b/c.jpg': 'c', 'b/d.txt': 'd', '.hidden': 'h' })
    const run = await runSync([dcim], { ...createRemoteInMemory(), stateFolder })
    const found = run.events.flatMap((event) => (event.kind === 'found' ? [event.files] : []))
    expect(found.reduce((sum, files) => sum + files, 0)).toBe(run.outcomes.length)
    expect(run.notes).toEqual(['left out: 1 hidden'])
  })

  it('says which files it only remembers: they say nothing about how long the others take', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'a' })
    const backend = createRemoteInMemory()
    await runSync([dcim], { ...backend, stateFolder })
    await writeFile(join(dcim, 'copy.jpg'), 'a')
    const { outcomes } = await runSync([dcim], { ...backend, stateFolder })
    expect(outcomes.map(({ action }) => action)).toEqual(['already_stored', 'already_stored'])
    expect(outcomes.flatMap(({ path, isRemembered }) => (isRemembered ? [path] : []))).toEqual([join(dcim, 'a.jpg')])
  })

  it('reads nothing and asks nothing the second time', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'a', 'b.jpg': 'b', 'c.txt': 'c' })
    const backend = createRemoteInMemory()
    await runSync([dcim], { ...backend, stateFolder })
    backend.calls.length = 0
    const before = await stat(join(dcim, 'a.jpg'))
    const second = await runSync([dcim], { ...backend, stateFolder })
    expect(second.counts).toEqual({ already_stored: 2, skipped: 1 })
    expect(backend.calls).toEqual([])
    expect((await stat(join(dcim, 'a.jpg'))).atimeMs).toBe(before.atimeMs)
  })

  it('reads again a file that was touched just before it was looked at', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'a' })
    const backend = createRemoteInMemory()
    const { ctimeMs } = await stat(join(dcim, 'a.jpg'))
    const clock = { ...clockAhead(), now: () => ctimeMs + 1000 }
    await runSync([dcim], { ...backend, stateFolder, clock })
    backend.calls.length = 0
    expect((await runSync([dcim], { ...backend, stateFolder, clock })).counts).toEqual({ already_stored: 1 })
    expect(backend.calls.map(({ name }) => name)).toEqual(['begin', 'confirm'])
  })

  it('sends a changed file under its new hash', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'before' })
    const backend = createRemoteInMemory()
    await runSync([dcim], { ...backend, stateFolder })
    await writeFile(join(dcim, 'a.jpg'), 'after!')
    expect((await runSync([dcim], { ...backend, stateFolder })).counts).toEqual({ uploaded: 1 })
    expect(backend.stored.size).toBe(2)
  })

  it('sends bytes once however many files hold them, and registers every location', async () => {
    const copies = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`copy-${index}.jpg`, 'same']))
    const { dcim, stateFolder } = await cardFolder(copies)
    const backend = createRemoteInMemory({ roundsToProcess: 2 })
    const run = await runSync([dcim], { ...backend, stateFolder })
    expect(run.counts).toEqual({ uploaded: 1, already_stored: 249 })
    expect(run.movedBytes).toBe(4)
    expect(new Set(backend.stored.get(hashOf(Buffer.from('same')))?.locations.map(({ path }) => path)).size).toBe(250)
  })

  it('has the remote look for an original once in a run: what was told is told back with its other locations', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'a' })
    const backend = createRemoteInMemory({ roundsToProcess: 1 })
    await runSync([dcim], { ...backend, stateFolder })
    expect(backend.believed).toEqual([]) // what this run has sent is confirmed by a look

    await runSync([dcim], { ...backend, stateFolder: await temporaryFolder() })
    expect(backend.believed).toEqual([hashOf(Buffer.from('a'))]) // it was looked for when it was asked about
  })

  it('believes nobody that an original is stored of which the remote has heard nothing since', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'a' })
    const backend = createRemoteInMemory()
    await runSync([dcim], { ...backend, stateFolder })
    backend.faults.confirmAs = onlyOnce(() => 'missing' as const)
    const run = await runSync([dcim], { ...backend, stateFolder: await temporaryFolder() })
    expect(run.counts).toEqual({ already_stored: 1 })
    expect(backend.calls.filter(({ name }) => name === 'begin')).toHaveLength(3) // asked about anew once it was missed
  })

  it('registers a location again when the folder is synced from higher up, and reads nothing for it', async () => {
    const { dcim, stateFolder } = await cardFolder({ '100/a.jpg': 'a' })
    const backend = createRemoteInMemory()
    await runSync([join(dcim, '100')], { ...backend, stateFolder })
    const run = await runSync([dcim], { ...backend, stateFolder })
    expect(run.counts).toEqual({ already_stored: 1 })
    expect([...backend.stored.values()].flatMap(({ locations }) => locations.map(({ path }) => path))).toEqual([
      '100/a.jpg',
      'DCIM/100/a.jpg',
    ])
  })

  it('does not mix up folders of the same name', async () => {
    const one = await cardFolder({ 'a.jpg': 'one' })
    const other = await cardFolder({ 'a.jpg': 'two' })
    const backend = createRemoteInMemory()
    await runSync([one.dcim], { ...backend, stateFolder: one.stateFolder })
    expect((await runSync([other.dcim], { ...backend, stateFolder: one.stateFolder })).counts).toEqual({ uploaded: 1 })
  })

  it('asks without waiting for a full batch, and never more than a batch', async () => {
    const many = Object.fromEntries(Array.from({ length: 450 }, (_, index) => [`${index}.jpg`, `photo ${index}`]))
    const { dcim, stateFolder } = await cardFolder(many)
    const backend = createRemoteInMemory()
    expect((await runSync([dcim], { ...backend, stateFolder })).counts).toEqual({ uploaded: 450 })
    const begun = backend.calls.flatMap(({ name, count }) => (name === 'begin' ? [count] : []))
    expect(begun[0]).toBeLessThan(100)
    expect(Math.max(...backend.calls.map(({ count }) => count))).toBeLessThanOrEqual(100)
  })

  it('sends and registers nothing in a dry run', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'a', 'b.jpg': 'b', 'copy-of-b.jpg': 'b' })
    const backend = createRemoteInMemory()
    await runSync([join(dcim, 'a.jpg')], { ...backend, stateFolder })
    backend.calls.length = 0
    const run = await runSync([dcim], { ...backend, stateFolder, dryRun: true })
    // As the run itself below: one of two copies is sent, and the other one finds it stored.
    expect(run.counts).toEqual({ already_stored: 2, would_upload: 1 })
    expect(run.outcomes.map(({ reason }) => reason).filter(Boolean)).toEqual(['same bytes as another file'])
    expect(backend.calls.every(({ name }) => name === 'confirm')).toBe(true)
    expect([...backend.stored.values()].flatMap(({ locations }) => locations.map(({ path }) => path))).toEqual(['a.jpg'])
    expect((await runSync([dcim], { ...backend, stateFolder })).counts).toEqual({ already_stored: 2, uploaded: 1 })
  })

  it('does not call stored what is only being processed', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'a' })
    const backend = createRemoteInMemory()
    backend.faults.confirmAs = () => 'processing'
    const run = await runSync([dcim], { ...backend, stateFolder, dryRun: true })
    expect(run.outcomes).toMatchObject([{ action: 'would_upload', movesNoBytes: true }])
  })

  it('takes one folder once, however it is named', async () => {
    const { dcim, stateFolder } = await cardFolder({ '100/a.jpg': 'a' })
    const run = await runSync([dcim, join(dcim, '100'), `${dcim}/.`, join(dcim, '100/a.jpg')], {
      ...createRemoteInMemory(),
      stateFolder,
    })
    expect(run.counts).toEqual({ uploaded: 1 })
  })

  it('leaves out a library that lies among the photos', async () => {
    const { dcim, stateFolder } = await cardFolder({
      'a.jpg': 'a',
      'backup/.photos/library.json': '{}',
      'backup/originals/owner/b.jpg': 'b',
    })
    const run = await runSync([dcim], { ...createRemoteInMemory(), stateFolder })
    expect(run.counts).toEqual({ uploaded: 1 })
    expect(run.notes).toEqual(['left out: 1 library of photos'])
  })

  it('refuses a missing source before it does anything', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'a' })
    const backend = createRemoteInMemory()
    const run = runSync([dcim, join(dcim, 'unmounted')], { ...backend, stateFolder })
    await expect(run).rejects.toMatchObject({ name: 'UserError', exitCode: 4 })
    expect(backend.calls).toEqual([])
  })
})

describe('sync of large originals', () => {
  const large = Buffer.alloc(1000, 'abcdefghij')

  it('sends them in parts', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.mov': large })
    const backend = createRemoteInMemory({ partSizeBytes: 300 })
    const run = await runSync([dcim], { ...backend, stateFolder })
    expect(run.counts).toEqual({ uploaded: 1 })
    expect(run.movedBytes).toBe(1000)
    expect(backend.sentPartNumbers.sort()).toEqual([1, 2, 3, 4])
    expect(backend.stored.get(hashOf(large))?.bytes).toEqual(large)
  })

  it('goes on after an interruption with the parts that are missing', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.mov': large })
    const backend = createRemoteInMemory({ partSizeBytes: 300 })
    backend.uploads.set(hashOf(large), {
      partSizeBytes: 300,
      parts: new Map([
        [1, large.subarray(0, 300)],
        [3, large.subarray(600, 900)],
      ]),
    })
    const { events } = await runSync([dcim], { ...backend, stateFolder })
    expect(backend.sentPartNumbers.sort()).toEqual([2, 4])
    const kept = events.flatMap((event) => (event.kind === 'kept' ? [event.sizeBytes] : []))
    expect([kept[0], kept.length, kept.at(-1)]).toEqual([600, 3, 1000])
  })

  it('begins again when the remote has forgotten the upload', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.mov': large })
    const backend = createRemoteInMemory({ partSizeBytes: 300 })
    let completed = 0
    backend.faults.beforeComplete = () => (completed++ === 0 ? 'unknown' : undefined)
    expect((await runSync([dcim], { ...backend, stateFolder })).counts).toEqual({ uploaded: 1 })
    expect(backend.sentPartNumbers.length).toBe(8)
  })

  it('gives the memory of a failed one back to the next', async () => {
    const others = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`${index}.mov`, Buffer.alloc(1000, `${index} `)]))
    const { dcim, stateFolder } = await cardFolder(others)
    const backend = createRemoteInMemory({ partSizeBytes: 300 })
    let sends = 0
    backend.faults.beforeSend = () => {
      if (sends++ % 7 === 0) throw new TransferError('the wire broke')
    }
    const { counts } = await runSync([dcim], { ...backend, stateFolder, partBudgetBytes: 900 })
    expect((counts['uploaded'] ?? 0) + (counts['failed'] ?? 0)).toBe(30)
    expect(counts['uploaded']).toBeGreaterThan(0)
    expect(counts['failed']).toBeGreaterThan(0)
  })

  it('says how much must be free on the disk of a library that takes next to nothing', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.mov': large })
    const run = await runSync([dcim], { ...createRemoteInMemory({ maximumOriginalSizeBytes: 999 }), stateFolder })
    const reason =
      "the library's disk is too full: 269 MB must be free there for this file (269 MB always, and three times its size)"
    expect(run.outcomes).toMatchObject([{ action: 'failed', reason }])
  })
})

describe('sync when things go wrong', () => {
  it('names a file that cannot be sent and goes on', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'a', 'bad.jpg': 'bad', 'z.jpg': 'z' })
    const backend = createRemoteInMemory()
    backend.faults.beforeSend = (contentHash) => {
      if (contentHash === hashOf(Buffer.from('bad'))) throw new TransferError('the storage refuses it')
    }
    const run = await runSync([dcim], { ...backend, stateFolder })
    expect(run.counts).toEqual({ uploaded: 2, failed: 1 })
    expect(run.outcomes).toContainEqual({
      action: 'failed',
      path: join(dcim, 'bad.jpg'),
      sizeBytes: 3,
      reason: 'the storage refuses it',
    })
    backend.faults.beforeSend = () => {}
    expect((await runSync([dcim], { ...backend, stateFolder })).counts).toEqual({ already_stored: 2, uploaded: 1 })
  })

  it('asks for a new request when one has expired', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'a' })
    const backend = createRemoteInMemory()
    let sends = 0
    backend.faults.beforeSend = () => {
      if (sends++ === 0) throw new TransferError('expired', { kind: 'expired' })
    }
    expect((await runSync([dcim], { ...backend, stateFolder })).counts).toEqual({ uploaded: 1 })
    expect(backend.calls.filter(({ name }) => name === 'begin').length).toBe(2)
  })

  it.each([
    ['longer', (path: string) => appendFile(path, 'more')],
    ['of the same length and time', rewriteInPlace],
  ])('says that a file has changed that became %s while it was uploaded', async (_how, change) => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'before' })
    const backend = createRemoteInMemory()
    backend.faults.beforeSend = onlyOnce(async () => await change(join(dcim, 'a.jpg')))
    const run = await runSync([dcim], { ...backend, stateFolder })
    const [outcome] = run.outcomes.filter(({ action }) => action === 'failed')
    // Appended bytes alone leave the announced ones intact; S3 then has what was hashed.
    if (outcome) expect(outcome.reason).toBe('changed while it was uploaded; run again')
    await runSync([dcim], { ...backend, stateFolder })
    const now = await open(join(dcim, 'a.jpg'), constants.O_RDONLY)
    const content = await now.readFile()
    await now.close()
    expect(backend.stored.get(hashOf(content))?.bytes).toEqual(content)
  })

  it('sends another copy when the first one has become unreadable', async () => {
    // Others in between, since two files are hashed at a time and either may be the first.
    const others = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`b-${index}.jpg`, `${index}`]))
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'same', ...others, 'c.jpg': 'same' })
    const backend = createRemoteInMemory()
    const { remote } = backend
    const removing: typeof remote = {
      ...remote,
      async beginUploads(originals) {
        await rm(join(dcim, 'a.jpg'), { force: true })
        return await remote.beginUploads(originals)
      },
    }
    const run = await runSync([dcim], { ...backend, remote: removing, stateFolder })
    expect(run.counts['failed']).toBe(1)
    expect(backend.stored.has(hashOf(Buffer.from('same')))).toBe(true)
  })

  it('ends with the error of a remote that is gone', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'a', 'b.jpg': 'b' })
    const backend = createRemoteInMemory()
    backend.faults.beforeConfirm = () => {
      throw new UserError('the remote cannot be reached', { exitCode: 5, hint: 'is it on?' })
    }
    await expect(runSync([dcim], { ...backend, stateFolder })).rejects.toMatchObject({ exitCode: 5 })
  })

  it('sends once more what the backend has lost, and no more than that', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'a' })
    const backend = createRemoteInMemory()
    backend.faults.confirmAs = onlyOnce(() => 'missing' as const)
    const run = await runSync([dcim], { ...backend, stateFolder })
    expect(run.counts).toEqual({ uploaded: 1 })
    expect(run.movedBytes).toBe(2)

    backend.stored.clear()
    backend.faults.confirmAs = () => 'missing'
    await writeFile(join(dcim, 'a.jpg'), 'other')
    const lost = await runSync([dcim], { ...backend, stateFolder })
    expect(lost.outcomes).toMatchObject([{ action: 'failed', reason: 'the backend has lost it twice; run again' }])
  })

  it('trusts no hash that the backend has rejected', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'a' })
    const backend = createRemoteInMemory()
    backend.faults.confirmAs = () => 'rejected'
    const run = await runSync([dcim], { ...backend, stateFolder })
    expect(run.outcomes).toMatchObject([{ action: 'failed', reason: 'the backend refuses it: other bytes arrived' }])
    const { remoteId } = backend.remote.configuration
    const state = await openLocalState(join(stateFolder, 'state'), { remoteId, owner: onlyOwner, origin: undefined })
    const remembered = await state.findRecords(dcim, 'a.jpg', 'a.jpg')
    await state.close()
    expect(remembered.size).toBe(0)
  })

  it('gives up on a backend that confirms nothing for ten minutes', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'a' })
    const backend = createRemoteInMemory({ roundsToProcess: Number.POSITIVE_INFINITY })
    const run = await runSync([dcim], { ...backend, stateFolder })
    expect(run.outcomes).toMatchObject([{ action: 'failed', reason: 'the backend has not confirmed it yet; run again' }])
    expect(backend.calls.length).toBeLessThan(120)
  })

  it('stops when it is told to, remembers what was confirmed, and loses nothing', async () => {
    const { dcim, stateFolder } = await cardFolder(
      Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`${index}.jpg`, `${index}`])),
    )
    const backend = createRemoteInMemory()
    const controller = new AbortController()
    let uploaded = 0
    const onEvent = (event: { readonly kind: string }): void => {
      if (event.kind === 'file' && ++uploaded === 5) controller.abort(new Error('interrupted'))
    }
    await expect(runSync([dcim], { ...backend, stateFolder, signal: controller.signal, onEvent })).rejects.toThrow('interrupted')
    expect(backend.stored.size).toBeLessThan(60)
    backend.calls.length = 0
    const { counts } = await runSync([dcim], { ...backend, stateFolder })
    expect((counts['uploaded'] ?? 0) + (counts['already_stored'] ?? 0)).toBe(60)
    const asked = backend.calls.reduce((sum, { name, count }) => sum + (name === 'begin' ? count : 0), 0)
    expect(asked).toBeLessThanOrEqual(55)
    expect(backend.stored.size).toBe(60)
  })

  it('stops while the remote hangs', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'a', 'b.jpg': 'b' })
    const backend = createRemoteInMemory()
    const controller = new AbortController()
    const sender = {
      ...backend.sender,
      sendRange: (...[, , , { signal }]: Parameters<typeof backend.sender.sendRange>) =>
        new Promise<never>((_resolve, reject) => {
          signal.throwIfAborted()
          signal.addEventListener('abort', () => reject(signal.reason), { once: true })
          controller.abort(new Error('interrupted'))
        }),
    }
    await expect(runSync([dcim], { ...backend, sender, stateFolder, signal: controller.signal })).rejects.toThrow('interrupted')
  })

  it('rebuilds a state that is damaged', async () => {
    const { dcim, stateFolder } = await cardFolder({ 'a.jpg': 'a' })
    const backend = createRemoteInMemory()
    await runSync([dcim], { ...backend, stateFolder })
    const database = join(stateFolder, 'state', `in-memory.${onlyOwner}-v2`)
    for (const name of await readdir(database)) await writeFile(join(database, name), 'rubbish')
    const run = await runSync([dcim], { ...backend, stateFolder })
    expect(run.counts).toEqual({ already_stored: 1 })
    expect(run.notes).toEqual([expect.stringContaining('the local state was damaged')])
    backend.calls.length = 0
    await runSync([dcim], { ...backend, stateFolder })
    expect(backend.calls).toEqual([])
  })
})

/** Other bytes, as many, under the same modification time: only the bytes themselves tell. */
async function rewriteInPlace(path: string): Promise<void> {
  const before = await stat(path)
  const file = await open(path, 'r+')
  await file.write(Buffer.from('A'), 0, 1, 0)
  await file.utimes(before.atime, before.mtime)
  await file.close()
}

function onlyOnce<Arguments extends unknown[], Result>(
  action: (...asked: Arguments) => Result,
): (...asked: Arguments) => Result | undefined {
  let calls = 0
  return (...asked) => (calls++ === 0 ? action(...asked) : undefined)
}
