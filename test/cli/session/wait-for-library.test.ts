import { expect, test } from 'vitest'
import { startWaiting } from '../../../cli/session/wait-for-library.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

test('a machine that takes long to look has not waited yet: who opens the library gets their time', async () => {
  let elapsedMs = 0
  const delay = async (milliseconds: number): Promise<void> => {
    elapsedMs += milliseconds
  }
  const told: string[] = []
  const clock = { elapsed: () => elapsedMs, delay }
  const waiting = startWaiting(await temporaryFolder(), { clock, tell: (message) => told.push(message) })
  elapsedMs = 60_000 // under load, or from a slow disk, as long as it takes to load the backend
  const inUse = new Error('it is open elsewhere')
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 250) await waiting.again(inUse)
  expect(told).toEqual([expect.stringContaining('waiting for another process: it has the library')])
  await expect(waiting.again(inUse)).rejects.toMatchObject({ exitCode: 5, cause: inUse })
})
