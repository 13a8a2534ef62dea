import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bytePathOf } from '../../../cli/byte-path.ts'
import { createDirtyPaths, type DirtyPathsOptions } from '../../../cli/watch/dirty-paths.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const settleMs = 5000
/** So long nothing must have been told of a file before it is looked at. */
const quietMs = 500

async function world(options: Partial<DirtyPathsOptions> = {}) {
  const folder = await temporaryFolder()
  let elapsedMs = 0
  let overflows = 0
  const dirty = createDirtyPaths({
    elapsed: () => elapsedMs,
    settleMs,
    roots: new Set([bytePathOf(folder)]),
    onOverflow: () => {
      overflows += 1
    },
    ...options,
  })
  return {
    dirty,
    path: (name: string) => join(folder, name),
    mark: (name: string, afterMs?: number) => dirty.mark(bytePathOf(join(folder, name)), afterMs),
    /** What is settled so many milliseconds later. */
    after(milliseconds: number): readonly string[] {
      elapsedMs += milliseconds
      dirty.look()
      return dirty.take().map((path) => path.slice(folder.length + 1))
    },
    overflows: () => overflows,
  }
}

test('a file is settled when it has stood still between two looks', async () => {
  const { mark, after, path } = await world()
  await writeFile(path('a.jpg'), 'half')
  mark('a.jpg')
  expect(after(quietMs)).toEqual([])
  expect(after(settleMs - 1)).toEqual([])
  await appendFile(path('a.jpg'), ' and the other half') // on a network share nobody tells
  expect(after(1)).toEqual([])
  expect(after(settleMs)).toEqual(['a.jpg'])
  expect(after(settleMs)).toEqual([])
})

test('while it is written it is not looked at, and then waits no longer than one that came in one go', async () => {
  const { mark, after, path } = await world()
  await writeFile(path('a.jpg'), '')
  mark('a.jpg')
  for (let block = 0; block < 100; block += 1) {
    await appendFile(path('a.jpg'), 'block')
    mark('a.jpg')
    expect(after(100)).toEqual([])
  }
  expect(after(quietMs)).toEqual([])
  expect(after(settleMs)).toEqual(['a.jpg'])
})

test('what happens between two looks makes it wait anew, also where they see the same', async () => {
  const { dirty, mark, after, path } = await world()
  await writeFile(path('a.jpg'), 'a')
  mark('a.jpg')
  after(quietMs)
  after(settleMs - 1)
  mark('a.jpg') // as of a share whose times have whole seconds
  after(quietMs)
  expect(dirty.look()).toMatchObject({ settled: 0, unsettled: 1 })
  expect(after(settleMs)).toEqual(['a.jpg'])
})

test('an event after the last look makes a settled file wait again', async () => {
  const { dirty, mark, after, path } = await world()
  await writeFile(path('a.jpg'), 'a')
  mark('a.jpg')
  after(quietMs)
  await writeFile(path('a.jpg'), 'another one')
  mark('a.jpg')
  expect(dirty.look()).toMatchObject({ settled: 0, unsettled: 1, nextLookMs: 2 * quietMs })
  expect(after(quietMs)).toEqual([])
  expect(after(settleMs)).toEqual(['a.jpg'])
})

test('says when it is to be looked at sooner than was planned', async () => {
  const { dirty, mark, path } = await world()
  for (const name of ['a.jpg', 'b.jpg', 'c.jpg']) await writeFile(path(name), name)
  expect([mark('a.jpg', 60_000), dirty.look().nextLookMs]).toEqual(['sooner', 60_000])
  expect([mark('b.jpg'), mark('b.jpg'), mark('c.jpg')]).toEqual(['sooner', 'no-sooner', 'no-sooner'])
})

test('what is gone is not held any more', async () => {
  const { dirty, mark, after, path } = await world()
  await writeFile(path('a.jpg'), 'a')
  mark('a.jpg')
  mark('never-there.jpg')
  expect(after(quietMs)).toEqual([])
  expect(dirty.look()).toMatchObject({ unsettled: 1 })
  await rm(path('a.jpg'))
  mark('a.jpg')
  expect(after(quietMs)).toEqual([])
  expect(dirty.look()).toMatchObject({ settled: 0, unsettled: 0, nextLookMs: Number.POSITIVE_INFINITY })
})

test('a folder stands for all below it, and waits no longer than that', async () => {
  const { mark, after, path } = await world()
  await mkdir(path('DCIM/100'), { recursive: true })
  await writeFile(path('DCIM/100/a.jpg'), 'a')
  mark('DCIM/100/a.jpg')
  mark('DCIM')
  expect(after(quietMs)).toEqual([])
  expect([mark('DCIM/100/b.jpg'), mark('DCIM')]).toEqual(['no-sooner', 'no-sooner'])
  expect(after(settleMs)).toEqual(['DCIM'])
  expect(after(settleMs)).toEqual([])
})

test('what has just failed is left alone for a while, and keeps nobody waiting', async () => {
  const { dirty, mark, after, path } = await world()
  await writeFile(path('bad.jpg'), 'b')
  expect(mark('bad.jpg', 60_000)).toBe('sooner')
  expect(dirty.look()).toMatchObject({ settled: 0, unsettled: 0, nextLookMs: 60_000 })
  expect(after(60_000)).toEqual([])
  expect(after(settleMs)).toEqual(['bad.jpg'])
})

test('too many files become their folder, too many folders become everything', async () => {
  const { mark, after, path, overflows } = await world({ limit: 10 })
  await mkdir(path('many'))
  for (let index = 0; index < 30; index += 1) mark(`many/${index}.jpg`)
  expect(overflows()).toBe(0)
  expect(after(settleMs)).toEqual(['many'])
  for (let index = 0; index < 30; index += 1) mark(`folder-${index}/a.jpg`)
  expect(overflows()).toBeGreaterThan(0)
})
