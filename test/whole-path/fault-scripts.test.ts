import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Fault, PassingRequest } from './fault-proxy.ts'
import { type FaultScript, faultScripts } from './fault-scripts.ts'
import { hastyClock } from './hasty-clock.ts'
import { requireBackedUp, requireWholeFiles } from './library-checks.ts'
import { outcomesOf, summaryOf } from './photos-process.ts'
import { readTree } from './tree.ts'
import { clips, partBytes, uploadSizes, wired } from './wired.ts'

/** When a connection over which nothing moves is broken: where that is what happens, and where it is not to. */
const [silenceMs, enoughMs] = [300, 30_000]

const trees: Record<FaultScript['tree'], () => Record<string, Buffer>> = {
  clips: () => clips(2),
  large: () => ({ 'large.MOV': randomBytes(2.5 * partBytes), ...clips(1) }),
}

test('there are at least forty scripts, each with a name of its own', () => {
  expect(new Set(faultScripts.map(({ name }) => name)).size).toBe(faultScripts.length)
  expect(faultScripts.length).toBeGreaterThanOrEqual(40)
})

test.for(faultScripts)('$name', async (script) => {
  let decide: (request: PassingRequest) => Fault = () => undefined
  const { user, folder, proxy, whenIdle } = await wired(trees[script.tree](), (request) => decide(request), { uploadSizes })
  const tree = await readTree(folder)
  // A minute ahead: files are old enough for the run to remember them, and what it remembers wrongly is not mended unseen.
  const clock = hastyClock({ whenIdle, aheadMs: 60_000 })
  const world = { clock, inactivityMs: script.isStall ? silenceMs : enoughMs }
  const sync = () => user.hereIn(world, 'sync', folder, '--library', user.library, '--json')
  const pull = () => user.hereIn(world, 'pull', '--to', join(user.folder, 'faulty'), '--library', user.library, '--json')
  if (script.isPull) expect(await sync()).toMatchObject({ exitCode: 0 })

  decide = script.begin(clock.now)
  const run = script.isPull ? pull : sync
  const finished = await run()
  decide = () => undefined

  expect(proxy.faults).toBeGreaterThan(0)
  expect(finished.exitCode, finished.stdout + finished.stderr).toBe(script.exitCode)
  await requireWholeFiles(user.library)
  if (script.exitCode === 3) expect(outcomesOf(finished).filter(({ action }) => action === 'failed')).not.toEqual([])
  if (script.exitCode === 5) expect(finished.stderr).toMatch(/^photos: .+\n {2}.+\n$/m)
  if (script.exitCode !== 0) expect(summaryOf(await run())).toMatchObject({ failed: 0, exit_code: 0 })
  if (script.isPull) expect(await readTree(join(user.folder, 'faulty', 'camera'))).toEqual(tree)
  await requireBackedUp(user, folder)
})
