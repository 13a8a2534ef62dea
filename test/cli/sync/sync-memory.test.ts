import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it, onTestFinished } from 'vitest'
import type { Remote } from '../../../cli/remote/remote.ts'
import { openLocalState } from '../../../cli/state/local-state.ts'
import { sync } from '../../../cli/sync/sync.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { createRemoteInMemory } from './remote-in-memory.ts'
import { clockAhead, onlyOwner } from './run-sync.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: unknown = runInNewContext('gc')

function liveHeapBytes(): number {
  if (typeof collectGarbage === 'function') collectGarbage()
  return process.memoryUsage().heapUsed
}

const folders = 16
const filesInFolder = 250
const lookEvery = 400
/** Less than a name, a path and a hash. What is loaded and compiled on the way comes to half of it, once. */
const mostBytesPerFile = 750

it('needs no more memory for the last file than for the first ones', async () => {
  const root = await temporaryFolder()
  for (let folder = 0; folder < folders; folder += 1) {
    mkdirSync(join(root, 'DCIM', `${folder}`), { recursive: true })
    for (let file = 0; file < filesInFolder; file += 1)
      writeFileSync(join(root, 'DCIM', `${folder}`, `${file}.jpg`), `${folder} ${file}`)
  }
  const { remote, sender } = createRemoteInMemory()
  // Has everything and keeps nothing, so that what grows is not the test's.
  const forgetful: Remote = {
    ...remote,
    beginUploads: async (originals) => originals.map(({ contentHash }) => ({ kind: 'stored', contentHash })),
    confirm: async (photos) => photos.map(({ contentHash }) => ({ kind: 'stored', contentHash })),
  }
  const state = await openLocalState(join(root, 'state'), { remoteId: 'remote', owner: onlyOwner, origin: undefined })
  onTestFinished(() => state.close())
  const heapBytes: number[] = []
  let files = 0
  const options = { remote: forgetful, sender, state, transfers: 4, dryRun: false, device: 'laptop', clock: clockAhead() }
  for await (const event of sync([join(root, 'DCIM')], options)) {
    if (event.kind === 'file' && ++files % lookEvery === 0) heapBytes.push(liveHeapBytes())
  }
  expect(files).toBe(folders * filesInFolder)
  const [early = 0, ...later] = heapBytes.slice(1, -1)
  expect((later.at(-1) ?? Number.NaN) - early).toBeLessThan(mostBytesPerFile * lookEvery * later.length)
}, 240_000)
