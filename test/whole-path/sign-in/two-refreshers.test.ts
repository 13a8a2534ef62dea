// Two runs of one profile at once, whose tokens have expired: one of them refreshes, and both go on.
import { beforeAll, expect, test } from 'vitest'
import { isRefresh, serveBehindProxy } from './proxied-accounts.ts'
import type { RecordingProxy } from './recording-proxy.ts'
import type { ServedAccounts } from './served-accounts.ts'
import { signedInUser } from './signed-in-user.ts'

let served: ServedAccounts
let proxy: RecordingProxy
beforeAll(async () => {
  const proxied = await serveBehindProxy()
  served = proxied.served
  proxy = proxied.proxy
  return proxied.close
})

const refreshes = (): number => proxy.exchanges.filter(isRefresh).length

test('two processes refresh at once: both go on, with one refresh for both', async () => {
  const user = await signedInUser(served)
  for (let round = 1; round <= 4; round += 1) {
    await user.letTokensExpire()
    const before = refreshes()
    const finished = await Promise.all([user.photos('ls', '--json'), user.photos('ls', '--json')])
    expect(finished).toEqual([
      { exitCode: 0, stdout: '', stderr: 'no photos yet\n' },
      { exitCode: 0, stdout: '', stderr: 'no photos yet\n' },
    ])
    expect([round, refreshes() - before]).toEqual([round, 1])
  }
  // A minute later, too: what is stored is the last token, not one that was rotated.
  served.advance(120)
  await user.letTokensExpire()
  expect(await user.photos('ls', '--json')).toEqual({ exitCode: 0, stdout: '', stderr: 'no photos yet\n' })
})

test('six at once, with a slow remote: still one refresh', async () => {
  const user = await signedInUser(served)
  const before = refreshes()
  const finished = await Promise.all(Array.from({ length: 6 }, () => user.photos('ls', '--json')))
  expect(finished.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
    Array.from({ length: 6 }, () => ({ exitCode: 0, stderr: 'no photos yet\n' })),
  )
  expect(refreshes() - before).toBe(1)
})

test('when the session was revoked, both say so with exit code 12', async () => {
  const user = await signedInUser(served)
  const { device } = JSON.parse(await user.readProfile()).session
  const other = await signedInUser(served)
  expect(await other.photos('devices', 'revoke', device.deviceId)).toMatchObject({ exitCode: 0 })
  const finished = await Promise.all([user.photos('ls'), user.photos('ls')])
  for (const { exitCode, stdout, stderr } of finished) {
    expect({ exitCode, stdout }).toEqual({ exitCode: 12, stdout: '' })
    expect(stderr).toContain(`photos login ${served.url}`)
  }
})
