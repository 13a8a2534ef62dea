import { linkSync, lstatSync, renameSync, writeFileSync } from 'node:fs'
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type MoveOptions, moveFile } from '../../../cli/free-up/move-file.ts'
import { fingerprintOf } from '../../../cli/state/file-record.ts'
import { FileChangedError } from '../../../cli/sync/file-error.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { listTree } from '../../whole-path/tree.ts'
import { hashOf } from '../sync/remote-in-memory.ts'

const failing = (code: string) => () => {
  throw Object.assign(new Error(code), { code, syscall: 'link' })
}

const ways = [
  ['by hard links', undefined],
  ['where there are none', failing('EPERM')],
  ['to another file system', failing('EXDEV')],
] as const

test.each(ways)('a name that another file has is left to it, %s', async (_, hardLink) => {
  const bench = await openBench()
  await writeFile(bench.to, 'another one')
  expect(await bench.move({ hardLink })).toBe('taken')
  expect(await bench.read()).toEqual({ from: 'photo', to: 'another one' })
})

test.each(ways)('a file that was written to since it was read stays, %s', async (_, hardLink) => {
  const bench = await openBench()
  await writeFile(bench.from, 'PHOTO')
  await expect(bench.move({ hardLink })).rejects.toBeInstanceOf(FileChangedError)
  expect(await bench.read()).toEqual({ from: 'PHOTO', to: undefined })
})

test('what takes the old name at the moment of the link stays', async () => {
  const bench = await openBench()
  const hardLink: MoveOptions['hardLink'] = (existing, path) => {
    bench.replace()
    linkSync(existing, path)
  }
  await expect(bench.move({ hardLink })).rejects.toBeInstanceOf(FileChangedError)
  expect(await bench.read()).toEqual({ from: 'newer', to: undefined })
})

test('what takes the old name after the link is put back, and the verified file is in its new place', async () => {
  const bench = await openBench()
  const hardLink: MoveOptions['hardLink'] = (existing, path) => {
    linkSync(existing, path)
    bench.replace()
  }
  await expect(bench.move({ hardLink })).rejects.toBeInstanceOf(FileChangedError)
  expect(await bench.read()).toEqual({ from: 'newer', to: 'photo' })
  expect(await listTree(bench.unfinished)).toEqual([])
})

test('what a killed run has linked already is finished', async () => {
  const bench = await openBench()
  linkSync(bench.from, bench.to)
  expect(await bench.move()).toBe('moved')
  expect(await bench.read()).toEqual({ from: undefined, to: 'photo' })
})

test('a copy has the time and the rights of the file', async () => {
  const bench = await openBench()
  const before = lstatSync(bench.from)
  expect(await bench.move({ hardLink: failing('EXDEV') })).toBe('moved')
  const after = lstatSync(bench.to)
  expect([after.mode, Math.trunc(after.mtimeMs)]).toEqual([before.mode, Math.trunc(before.mtimeMs)])
  expect(after.ino).not.toBe(before.ino)
})

/** A file that was read, hashed and verified, and a place for it. */
async function openBench() {
  const root = await temporaryFolder()
  const [from, to, unfinished] = [join(root, 'from'), join(root, 'to'), join(root, 'unfinished')]
  await mkdir(unfinished)
  await writeFile(from, 'photo', { mode: 0o640 })
  const handle = await open(from)
  onTestFinished(() => handle.close())
  // As it was when it was read: a link that is made later changes the time of its last change.
  const contentHash = hashOf(Buffer.from('photo'))
  const before = fingerprintOf(lstatSync(from))
  const find = async (path: string) => await readFile(path, 'utf8').catch(() => undefined)
  let parts = 0
  const unfinishedFolder = { newPath: () => join(unfinished, `${parts++}.part`), [Symbol.asyncDispose]: async () => {} }
  return {
    from,
    to,
    unfinished,
    /** Another file takes its name, as when an editor saves. */
    replace: () => {
      writeFileSync(join(root, 'new'), 'newer')
      renameSync(join(root, 'new'), from)
    },
    move: (options: Pick<MoveOptions, 'hardLink'> = {}) => {
      const isLinked = lstatSync(from).nlink > 1
      const fingerprint = isLinked ? fingerprintOf(lstatSync(from)) : before
      const { signal } = new AbortController()
      return moveFile({ path: from, handle, fingerprint, contentHash }, to, { unfinished: unfinishedFolder, signal, ...options })
    },
    read: async () => ({ from: await find(from), to: await find(to) }),
  }
}
