// kill -9 at the worst moments of a refresh: the next run is signed in, or says what to type; the profile is whole in any case.
import { watch } from 'node:fs'
import { dirname } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { findProfile } from '../../../cli/session/profile.ts'
import type { Finished } from '../photos-process.ts'
import { isRefresh, serveBehindProxy } from './proxied-accounts.ts'
import type { RecordingProxy } from './recording-proxy.ts'
import type { ServedAccounts } from './served-accounts.ts'
import { type SignedInUser, signedInUser } from './signed-in-user.ts'

let served: ServedAccounts
let proxy: RecordingProxy
beforeAll(async () => {
  const proxied = await serveBehindProxy()
  served = proxied.served
  proxy = proxied.proxy
  return proxied.close
})

/** Runs `photos ls`, and kills it when its refresh has been answered, before the answer comes to it. */
async function killedBeforeTheAnswer(user: SignedInUser): Promise<Finished> {
  const running = user.start(['ls'])
  proxy.decideWith((exchange) => {
    if (!isRefresh(exchange)) return 'delivered'
    running.child.kill('SIGKILL')
    return 'lost'
  })
  const finished = await running.finished
  proxy.decideWith(() => 'delivered')
  return finished
}

/** Whole: what the CLI itself reads; throws for a damaged file. */
async function expectWholeProfile(user: SignedInUser): Promise<void> {
  const profile = await findProfile({ folder: dirname(user.profileFile), name: 'default' })
  expect(profile?.session?.account.email).toBe(served.alice.email)
}

test('between the refresh and the answer: signed in still, when it is run again within a minute', async () => {
  const user = await signedInUser(served)
  const before = await user.readProfile()
  expect(await killedBeforeTheAnswer(user)).toMatchObject({ exitCode: null })
  expect(await user.readProfile()).toBe(before)
  expect(await user.photos('ls')).toEqual({ exitCode: 0, stdout: '', stderr: 'no photos yet\n' })
  await expectWholeProfile(user)
})

test('and run again later: exit code 12, and the command that signs in again', async () => {
  const user = await signedInUser(served)
  await killedBeforeTheAnswer(user)
  served.advance(120)
  for (const run of [1, 2]) {
    const { exitCode, stdout, stderr } = await user.photos('ls')
    expect([run, exitCode, stdout]).toEqual([run, 12, ''])
    expect(stderr).toContain(`photos login ${served.url}`)
  }
  await expectWholeProfile(user)
})

test('while the answer is written: signed in still, whichever moment it was', async () => {
  // Changes in the profile's folder until it is killed: the new file is made, written, renamed.
  for (const changes of [0, 1, 2, 3, 4, 6]) {
    const user = await signedInUser(served)
    const running = user.start(['ls'])
    let seen = 0
    const watcher = watch(dirname(user.profileFile))
    const answered = new Promise<void>((resolve) => {
      proxy.decideWith((exchange) => {
        if (isRefresh(exchange)) resolve()
        return 'delivered'
      })
    })
    const killed = answered.then(() => {
      if (changes === 0) running.child.kill('SIGKILL')
      watcher.on('change', () => {
        seen += 1
        if (seen >= changes) running.child.kill('SIGKILL')
      })
    })
    await Promise.all([killed, running.finished])
    watcher.close()
    await expectWholeProfile(user)
    expect([changes, await user.photos('ls')]).toEqual([changes, { exitCode: 0, stdout: '', stderr: 'no photos yet\n' }])
    await expectWholeProfile(user)
  }
})
