import { join } from 'node:path'
import { expect, test } from 'vitest'
import { UserError } from '../../../cli/errors.ts'
import { exitCodes } from '../../../cli/exit-codes.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { writeTree } from '../../whole-path/tree.ts'
import { createRemoteInMemory } from './remote-in-memory.ts'
import { runSync } from './run-sync.ts'

test('a remote that is lost while other calls are under way is what the run ends with, not their end', async () => {
  const folder = await temporaryFolder()
  await writeTree(join(folder, 'camera'), { 'a.jpg': 'a', 'b.jpg': 'b' })
  const { remote, sender, faults } = createRemoteInMemory()
  const lost = new UserError('the remote cannot be reached', { exitCode: exitCodes.remoteUnreachable, hint: 'run again' })
  let confirming = (): void => {}
  const isConfirming = new Promise<void>((resolve) => {
    confirming = resolve
  })
  let sent = 0
  faults.beforeSend = async () => {
    if (++sent === 1) return
    await isConfirming
    throw lost
  }
  const confirm = (_: unknown, options?: { readonly signal?: AbortSignal | undefined }): Promise<never> => {
    confirming()
    return new Promise((_resolve, reject) => {
      const abort = (): void => reject(new DOMException('This operation was aborted', 'AbortError'))
      options?.signal?.addEventListener('abort', abort, { once: true })
    })
  }
  const run = runSync([join(folder, 'camera')], { remote: { ...remote, confirm }, sender, stateFolder: folder, transfers: 1 })
  await expect(run).rejects.toBe(lost)
})
