import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { writeTree } from '../tree.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'
import { signedInUser } from './signed-in-user.ts'

let served: ServedAccounts
beforeAll(async () => {
  served = await serveAccounts()
  return () => served.close()
})

test('a sync that finds nothing to do says, too, that its session has ended: else a cron job would go on in peace', async () => {
  const user = await signedInUser(served)
  const { device } = JSON.parse(await user.readProfile()).session
  const folder = join(user.folder, 'camera')
  await writeTree(folder, { 'MVI_1.MP4': 'a clip' })
  // Twice: a file that has only just changed is asked about once more.
  for (let runs = 0; runs < 2; runs += 1) expect(await user.photos('sync', folder)).toMatchObject({ exitCode: 0 })

  const other = await signedInUser(served)
  expect(await other.photos('devices', 'revoke', device.deviceId)).toMatchObject({ exitCode: 0 })
  await user.letTokensExpire()
  const finished = await user.photos('sync', folder)
  expect(finished).toMatchObject({ exitCode: 12, stdout: '' })
  expect(finished.stderr).toContain(`photos login ${served.url}`)
})
