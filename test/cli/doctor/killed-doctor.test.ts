import { expect, test } from 'vitest'
import { photosUser } from '../../whole-path/photos-process.ts'
import { diagnosisOf, everythingOk, leftIn, type ServedLibrary, servedLibrary } from './doctor-in-test.ts'

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

  const listed = await user.photos('ls', '--library', library.folder)
  expect(listed).toEqual({ exitCode: 0, stdout: '', stderr: 'no photos yet\n' })
  const { exitCode, results } = diagnosisOf(await user.photos('doctor', '--json', '--library', library.folder))
  expect({ exitCode, results }).toEqual({ exitCode: 0, results: everythingOk })
  expect(await leftIn(library)).toEqual(left)
})

test.each([0, 40, 80])('stopped %d ms after its upload, in the middle of the processing, it leaves nothing', async (afterMs) => {
  const library = await servedLibrary()
  const user = await photosUser()
  const { child, finished, saying } = user.start(['doctor', '--json', '--library', library.folder])
  await saying(/"check":"upload","result":"ok"/)
  const until = performance.now() + afterMs
  while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve))
  child.kill('SIGINT')
  await finished
  await library.backend.queue.whenIdle()
  expect(await leftIn(library)).toEqual([])
})
