import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as leaveTheProcessor } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Interruption } from '../../../cli/interruption.ts'
import { photosUser } from '../../whole-path/photos-process.ts'
import { RecordedStream } from '../terminal/recorded-stream.ts'
import { diagnosisOf, everythingOk, leftIn, type ServedLibrary, servedLibrary, typed } from './doctor-in-test.ts'

/** A doctor whose probe is uploaded, and that waits for the queue, which stands still. */
async function waitingDoctor(library: ServedLibrary) {
  const user = await photosUser()
  library.backend.queue.stop()
  const running = user.start(['doctor', '--json', '--library', library.folder])
  await running.saying(/"check":"upload","result":"ok"/)
  return { user, ...running }
}

async function goOn({ backend }: ServedLibrary): Promise<void> {
  backend.queue.resume()
  await backend.queue.whenIdle()
}

test.each([
  { signal: 'SIGINT', exitCode: 130 },
  { signal: 'SIGTERM', exitCode: 143 },
] as const)('a doctor that is stopped by $signal takes its probe away', async ({ signal, exitCode }) => {
  const library = await servedLibrary()
  const { child, finished } = await waitingDoctor(library)
  child.kill(signal)
  expect(diagnosisOf(await finished)).toMatchObject({ exitCode, summary: { ok: 5, exit_code: exitCode } })
  await goOn(library)
  expect(await leftIn(library)).toEqual([])
})

test('what a killed doctor leaves is no photo, and not taken for a leftover by the next one, which cannot know', async () => {
  const library = await servedLibrary()
  const { user, child, finished } = await waitingDoctor(library)
  child.kill('SIGKILL')
  await finished
  await goOn(library)
  const left = await leftIn(library)
  expect(left.length).toBeGreaterThan(1) // its record, and what was stored

  const listed = await user.here('ls', '--library', library.folder)
  expect(listed).toEqual({ exitCode: 0, stdout: '', stderr: 'no photos yet\n' })
  const { exitCode, results } = diagnosisOf(await user.here('doctor', '--json', '--library', library.folder))
  expect({ exitCode, results }).toEqual({ exitCode: 0, results: everythingOk })
  expect(await leftIn(library)).toEqual(left)
})

// Its original, the thumbnail, the view.
test.each([0, 1, 2, 3])(
  'stopped when %i files of its probe are stored, in the middle of the processing, it leaves nothing',
  async (count) => {
    const library = await servedLibrary()
    const [stdout, stopping] = [new RecordedStream(), new AbortController()]
    const isUploaded = (): boolean => /"check":"upload","result":"ok"/.test(stdout.text)
    let isOver = false
    const running = typed(['doctor', '--json', '--library', library.folder], { stdout, signal: stopping.signal }).finally(() => {
      isOver = true
    })
    while (!isOver && (!isUploaded() || probeFiles(library) < count)) await leaveTheProcessor(1)
    stopping.abort(new Interruption('SIGINT'))
    expect((await running).exitCode).toBe(130) // it had not ended by itself
    await library.backend.queue.whenIdle()
    expect(await leftIn(library)).toEqual([])
  },
)

function probeFiles({ folder }: ServedLibrary): number {
  const probes = join(folder, 'probes')
  if (!existsSync(probes)) return 0
  return readdirSync(probes, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile()).length
}
