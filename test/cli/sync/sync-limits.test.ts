import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TransferError } from '../../../cli/errors.ts'
import { createRunLimits } from '../../../cli/run-limits.ts'
import type { OriginalSender } from '../../../cli/sync/original-sender.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { createRemoteInMemory } from './remote-in-memory.ts'
import { clockAhead, runSync } from './run-sync.ts'

async function folderOf(files: Readonly<Record<string, Buffer>>) {
  const stateFolder = await temporaryFolder()
  const dcim = join(stateFolder, 'DCIM')
  await mkdir(dcim)
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(dcim, name), bytes)
  return { dcim, stateFolder }
}

function photos(count: number, sizeBytes: number): Record<string, Buffer> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`IMG_${index}.JPG`, randomBytes(sizeBytes)]))
}

test('--max-transfer leaves the rest for the next run, which ends it', async () => {
  const { dcim, stateFolder } = await folderOf(photos(40, 1000))
  const backend = createRemoteInMemory()
  const limits = createRunLimits({ mostBytes: 5000 }, clockAhead())
  const first = await runSync([dcim], { ...backend, stateFolder, transfers: 2, limits })
  const uploaded = first.counts['uploaded'] ?? 0
  expect(uploaded).toBeGreaterThanOrEqual(5)
  expect(uploaded).toBeLessThanOrEqual(6)
  expect(first.counts).toEqual({ uploaded })
  expect(first.events.filter(({ kind }) => kind === 'incomplete')).toEqual([
    expect.objectContaining({ exitCode: 16, message: expect.stringContaining(`${40 - uploaded} files are left`) }),
  ])
  const second = await runSync([dcim], { ...backend, stateFolder })
  expect(second.counts).toEqual({ uploaded: 40 - uploaded, already_stored: uploaded })
})

test('a limit that is reached with the last file is none', async () => {
  const { dcim, stateFolder } = await folderOf(photos(2, 1000))
  const limits = createRunLimits({ mostBytes: 2000 }, clockAhead())
  const run = await runSync([dcim], { ...createRemoteInMemory(), stateFolder, limits })
  expect(run.counts).toEqual({ uploaded: 2 })
  expect(run.events.filter(({ kind }) => kind === 'incomplete')).toEqual([])
})

test('--max-duration knows still what is stored, and reads nothing that is not', async () => {
  const { dcim, stateFolder } = await folderOf(photos(3, 1000))
  const backend = createRemoteInMemory()
  await runSync([dcim], { ...backend, stateFolder })
  await writeFile(join(dcim, 'IMG_0.MP4'), randomBytes(1000))
  const limits = createRunLimits({ longestMs: 0 }, clockAhead())
  const run = await runSync([dcim], { ...backend, stateFolder, limits })
  expect(run.counts).toEqual({ already_stored: 3 })
  expect(run.movedBytes).toBe(0)
})

test('a large original stops at the next part, and goes on there', async () => {
  const partSizeBytes = 1 << 20
  const { dcim, stateFolder } = await folderOf({ 'MVI_1.MOV': randomBytes(10 * partSizeBytes) })
  const backend = createRemoteInMemory({ partSizeBytes })
  const limits = createRunLimits({ mostBytes: 3 * partSizeBytes }, clockAhead())
  const first = await runSync([dcim], { ...backend, stateFolder, limits })
  expect(first.counts).toEqual({})
  expect(first.events).toContainEqual(expect.objectContaining({ kind: 'incomplete', exitCode: 16 }))
  const sentBefore = backend.sentPartNumbers.length
  expect(sentBefore).toBeGreaterThanOrEqual(3)
  expect(sentBefore).toBeLessThan(9)
  const second = await runSync([dcim], { ...backend, stateFolder })
  expect(second.counts).toEqual({ uploaded: 1 })
  expect(backend.sentPartNumbers).toHaveLength(10)
})

test('an upload in parts whose requests expire again and again is begun anew as long as parts arrive', async () => {
  const partSizeBytes = 1 << 20
  const { dcim, stateFolder } = await folderOf({ 'MVI_1.MOV': randomBytes(9 * partSizeBytes) })
  const backend = createRemoteInMemory({ partSizeBytes })
  let sent = 0
  const sendBytes: OriginalSender['sendBytes'] = async (...part) => {
    sent += 1
    if (sent % 2 === 0) throw new TransferError('the signed request has expired', { kind: 'expired' })
    return await backend.sender.sendBytes(...part)
  }
  const run = await runSync([dcim], { ...backend, sender: { ...backend.sender, sendBytes }, stateFolder, partBudgetBytes: 1 })
  expect(run.counts).toEqual({ uploaded: 1 })
  expect(backend.calls.filter(({ name }) => name === 'begin').length).toBeGreaterThan(4)
})

test('one that does not get further is given up', async () => {
  const { dcim, stateFolder } = await folderOf({ 'MVI_1.MOV': randomBytes(100) })
  const backend = createRemoteInMemory()
  const sendRange: OriginalSender['sendRange'] = async () => {
    throw new TransferError('the signed request has expired', { kind: 'expired' })
  }
  const run = await runSync([dcim], { ...backend, sender: { ...backend.sender, sendRange }, stateFolder })
  expect(run.outcomes).toMatchObject([{ action: 'failed', reason: 'the signed request has expired' }])
})
