// kill -9 at the worst moments of a refresh: the next run is signed in, or says what to type; the profile is whole in any case.
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
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
  expect(await user.here('ls')).toEqual({ exitCode: 0, stdout: '', stderr: 'no photos yet\n' })
  await expectWholeProfile(user)
})

test('and run again later: exit code 12, and the command that signs in again', async () => {
  const user = await signedInUser(served)
  await killedBeforeTheAnswer(user)
  served.advance(120)
  for (const run of [1, 2]) {
    const { exitCode, stdout, stderr } = await user.here('ls')
    expect([run, exitCode, stdout]).toEqual([run, 12, ''])
    expect(stderr).toContain(`photos login ${served.url}`)
  }
  await expectWholeProfile(user)
})

const preloaded = new URL('../kill-at-step.mjs', import.meta.url).href

/** Runs `photos ls`, and kills it before the step of that number that it takes to write its profile, if it comes there. */
async function killedAtStep(user: SignedInUser, point: number | undefined) {
  const trace = join(user.folder, 'steps')
  await writeFile(trace, '')
  const readSteps = (): readonly string[] => readFileSync(trace, 'utf8').split('\n').slice(0, -1)
  let stepsBeforeAnswer = Number.NaN
  proxy.decideWith((exchange) => {
    if (isRefresh(exchange)) stepsBeforeAnswer = readSteps().length
    return 'delivered'
  })
  const environment = {
    NODE_OPTIONS: `--import=${preloaded}`,
    PHOTOS_TEST_STEPS: trace,
    ...(point !== undefined && { PHOTOS_TEST_KILL_AT_STEP: String(point) }),
  }
  const { exitCode } = await user.start(['ls'], { environment }).finished
  proxy.decideWith(() => 'delivered')
  return { exitCode, steps: readSteps(), stepsBeforeAnswer }
}

test('while the answer is written, before every step of that: signed in still', async () => {
  const undisturbed = await killedAtStep(await signedInUser(served), undefined)
  const { stepsBeforeAnswer, steps } = undisturbed
  expect(undisturbed.exitCode).toBe(0)
  expect(steps.slice(stepsBeforeAnswer)).toEqual(durableReplacement)
  for (const [index, step] of durableReplacement.entries()) {
    const user = await signedInUser(served)
    const point = stepsBeforeAnswer + index + 1
    expect(await killedAtStep(user, point)).toEqual({ exitCode: null, steps: steps.slice(0, point), stepsBeforeAnswer })
    await expectWholeProfile(user)
    expect([step, await user.here('ls')]).toEqual([step, { exitCode: 0, stdout: '', stderr: 'no photos yet\n' }])
    await expectWholeProfile(user)
  }
})

const durableReplacement = [
  'open profile',
  'write profile',
  'sync profile',
  'rename profile',
  'open folder',
  'sync folder',
  'after the profile',
]
