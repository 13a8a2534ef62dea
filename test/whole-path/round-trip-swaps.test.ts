import { expect, test } from 'vitest'
import type { Change } from './changing-tree.ts'
import { openHome, type RunOptions } from './home-in-history.ts'
import { openWorlds } from './worlds.ts'

// Numbers into the folders, names and contents of changing-tree.ts.
const [here, there, aside] = [4, 5, 6]
const namesInFolder = 12
const video = 2

function inFolder(folder: number, content: number): Change {
  return { kind: 'write', path: folder * namesInFolder + video, content, seconds: 1_000_000_000 }
}

const swap: readonly Change[] = [
  { kind: 'rename-folder', folder: here, to: aside },
  { kind: 'rename-folder', folder: there, to: here },
  { kind: 'rename-folder', folder: aside, to: there },
]

/** What happens to the run in between. Killed while it tells of the swapped files, of one and of both. */
const runsBetween: readonly (readonly [string, Partial<RunOptions>])[] = [
  ['ended', {}],
  ['was killed at its third request', { disturbance: { kind: 'killed-at-request', count: 3 } }],
  ['was killed at its fourth request', { disturbance: { kind: 'killed-at-request', count: 4 } }],
  ['came as soon as they were written', { isHasty: true }],
]

async function laptopWithOneFile() {
  const [world] = await openWorlds(1)
  if (world === undefined) return expect.fail('no world')
  const home = await openHome(world, false)
  const laptop = home.openDevice('laptop')
  await laptop.tree.apply([inFolder(here, 0)])
  await laptop.sync()
  return { home, laptop }
}

test.each(runsBetween)('folders that were swapped, and back after a run that %s, come back as they are', async (_, run) => {
  const { home, laptop } = await laptopWithOneFile()
  await laptop.tree.apply([inFolder(there, 1), ...swap])
  await laptop.sync(run)
  // No file looks as if anything had ever happened to it.
  await laptop.tree.apply(swap)
  await laptop.requireSynced({ losesState: false })
  await home.requireRoundTrip()
})

test('what was edited is told of by the run that came by, and by no later one, however young the file is', async () => {
  const { home, laptop } = await laptopWithOneFile()
  await laptop.tree.apply([inFolder(here, 1)])
  await laptop.sync({ isHasty: true })
  await laptop.sync({ isHasty: true })
  await laptop.requireSynced({ losesState: false })
  await home.requireRoundTrip()
})
