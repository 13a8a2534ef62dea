import { execFile, spawnSync } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdirSync, readFileSync, utimesSync } from 'node:fs'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { expect, onTestFinished, test } from 'vitest'
import { bytePathOf, bytesOf } from '../../../cli/byte-path.ts'
import { watchFolders } from '../../../cli/watch/folder-watcher.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

async function watched(prepare: (path: (name: string) => string) => Promise<unknown> = async () => {}) {
  const folder = await temporaryFolder()
  const path = (name: string) => join(folder, name)
  await prepare(path)
  const events = new EventEmitter()
  const told = new Set<string>()
  const watcher = watchFolders(bytePathOf(folder), {
    takesHidden: false,
    except: new Set([bytePathOf(path('own'))]),
    onChange(changed) {
      told.add(changed.slice(folder.length + 1))
      events.emit('change')
    },
    onLoss: () => events.emit('loss'),
    onExhausted: () => {},
  })
  onTestFinished(() => watcher.close())
  await watcher.ready
  return {
    path,
    watcher,
    told,
    loss: () => once(events, 'loss'),
    /** Resolves when it was told of this. */
    async telling(name: string): Promise<void> {
      while (!told.has(name)) await once(events, 'change')
    },
  }
}

test('tells of files that are made, changed, renamed and removed, in folders of any depth', async () => {
  const { path, telling, told, watcher } = await watched(async (at) => {
    await mkdir(at('DCIM/100'), { recursive: true })
    await writeFile(at('DCIM/100/old.jpg'), 'a')
    await writeFile(at('DCIM/100/going.jpg'), 'a')
  })
  expect(watcher.folderCount()).toBe(3)
  await writeFile(path('DCIM/100/new.jpg'), 'a')
  await telling('DCIM/100/new.jpg')
  told.clear()
  await writeFile(path('DCIM/100/new.jpg'), 'more')
  await rename(path('DCIM/100/old.jpg'), path('renamed.jpg'))
  await rm(path('DCIM/100/going.jpg'))
  for (const name of ['DCIM/100/new.jpg', 'DCIM/100/old.jpg', 'renamed.jpg', 'DCIM/100/going.jpg']) await telling(name)
})

test('a folder that comes is told, and watched from then on; one that goes is watched no more', async () => {
  const { path, telling, told, watcher } = await watched()
  await mkdir(path('a/b/c'), { recursive: true })
  await telling('a')
  await rename(path('a'), path('z'))
  await telling('z')
  told.clear()
  // A watch is placed in a turn of its own; each new file is another chance to be told.
  for (let index = 0; ![...told].some((name) => name.startsWith('z/b/c/')); index += 1) {
    await writeFile(path(`z/b/c/${index}.jpg`), 'a')
  }
  expect(watcher.folderCount()).toBe(4)
  told.clear()
  await rm(path('z'), { recursive: true })
  await telling('z')
  expect(watcher.folderCount()).toBe(1)
})

test('keeps names in any encoding', async () => {
  const { path, telling } = await watched()
  const name = '\xe9t\xe9.jpg'
  await writeFile(Buffer.concat([bytesOf(bytePathOf(`${path('')}/`)), Buffer.from(name, 'latin1')]), 'a')
  await telling(name)
})

test('junk and hidden names, libraries and links tell nothing; a filter tells of its folder', async () => {
  const { path, telling, told, watcher } = await watched(async (at) => {
    for (const name of ['.hidden', '@eaDir', 'library/.photos', 'own', 'real']) await mkdir(at(name), { recursive: true })
    await writeFile(at('library/.photos/library.json'), '{}')
    await symlink(at('real'), at('link'))
  })
  expect(watcher.folderCount()).toBe(2)
  for (const name of ['.hidden/a.jpg', '@eaDir/a.jpg', 'library/a.jpg', 'own/a.jpg', '.DS_Store', 'a.jpg.part'])
    await writeFile(path(name), 'a')
  await writeFile(path('real/.photosignore'), '*.tif')
  await telling('real')
  await writeFile(path('last.jpg'), 'a')
  await telling('last.jpg')
  expect([...told].sort()).toEqual(['last.jpg', 'real'])
})

const queueSetting = '/proc/sys/fs/inotify/max_queued_events'

test.runIf(process.platform === 'linux')(
  'events that the system drops are noticed; renewed, every folder has its watch',
  async () => {
    const { path, watcher, told, telling, loss } = await watched(async (at) => {
      for (const name of ['one.jpg', 'other.jpg']) await writeFile(at(name), 'a')
    })
    // Nobody reads the queue in between. Two files by turns, for the same event twice in a row is one.
    const most = Number(readFileSync(queueSetting, 'latin1'))
    for (let time = 0; time <= most; time += 1) utimesSync(path(time % 2 === 0 ? 'one.jpg' : 'other.jpg'), time, time)
    mkdirSync(path('late/deeper'), { recursive: true })
    await loss()
    expect({ folders: watcher.folderCount(), isTold: told.has('late') }).toEqual({ folders: 1, isTold: false })
    await watcher.renew()
    expect(watcher.folderCount()).toBe(3)
    await writeFile(path('late/deeper/new.jpg'), 'a')
    await telling('late/deeper/new.jpg')
  },
)

/** A program that waits for an event that never comes is ended before the test is given up. */
const timeout = 60_000

/** Starts a program as the root of a user namespace, which may have fewer watches than everybody else. */
const inNamespace = ['-Ur', 'sh', '-c', 'echo 100 > /proc/sys/user/max_inotify_watches && exec "$@"', 'sh']
const canLimitWatches = spawnSync('unshare', [...inNamespace, 'true']).status === 0

test.skipIf(!canLimitWatches)('renewed when there are enough watches again, every folder has its own', async () => {
  const folder = await temporaryFolder()
  const program = join(await temporaryFolder(), 'exhausted-watcher.mjs')
  const entryPoints = [join(import.meta.dirname, 'exhausted-watcher.ts')]
  await build({ entryPoints, outfile: program, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' })
  const { stdout } = await promisify(execFile)('unshare', [...inNamespace, process.execPath, program, folder], { timeout })
  expect(JSON.parse(stdout)).toEqual({ timesExhausted: 1, withTwo: 2, withEnough: 4 })
})

test('to watch thousands of folders leaves others their turn, and can be stopped', async () => {
  const folder = await temporaryFolder()
  for (let index = 0; index < 300; index += 1) mkdirSync(join(folder, `${index}`))
  const options = { takesHidden: false, except: new Set<never>(), onChange() {}, onLoss() {}, onExhausted() {} }
  const watcher = watchFolders(bytePathOf(folder), options)
  await setImmediate()
  expect(watcher.folderCount()).toBeLessThan(301)
  watcher.close()
  await watcher.ready
  expect(watcher.folderCount()).toBe(0)
})
