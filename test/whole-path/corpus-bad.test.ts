import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findLeftOutCause } from '../../cli/sync/left-out.ts'
import { corpusFolder } from '../corpus.ts'
import { requireWholeFiles } from './library-checks.ts'
import { type Finished, type Outcome, outcomesOf, type PhotosUser, photosUser, summaryOf } from './photos-process.ts'
import { type FileInTree, listTree, readTree } from './tree.ts'

const corpus = corpusFolder('bad')
const run = promisify(execFile)
const isSlowWanted = process.env['PHOTOS_TEST_SLOW'] !== undefined
/** Root reads everything, unless it starts the program without this right. */
const asOrdinaryUser = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : []
const cannotBeOrdinary = !(await isRunnable([...asOrdinaryUser, 'true']))
if (cannotBeOrdinary) process.stderr.write('no way to be an ordinary user: the test of unreadable files is skipped\n')

describe.skipIf(corpus === undefined)('corrupt, hostile and special files', { timeout: 240_000 }, () => {
  test('are stored, or named with a reason, and come back byte for byte', async () => {
    const user = await photosUser()
    const folder = join(user.folder, 'bad')
    await cp(corpus ?? '', folder, { recursive: true })
    await run('python3', [join(corpus ?? '', 'make_names.py'), folder])
    await makeSpecialFiles(join(folder, 'special'))

    const first = await sync(user, folder)
    expect([0, 3]).toContain(first.exitCode)
    const outcomes = outcomesOf(first)
    for (const { action, reason, path } of outcomes) {
      expect([path, action]).toEqual([path, expect.stringMatching(/^(uploaded|already_stored|skipped|failed)$/)])
      if (action === 'skipped' || action === 'failed') expect([path, reason]).toEqual([path, expect.stringMatching(/\S{3}/)])
    }
    requireSpecialFiles(outcomes, join(folder, 'special'))
    await requireWholeFiles(user.library)
    const again = await user.here('sync', folder, '--library', user.library, '--json')
    expect(summaryOf(again)).toMatchObject({ uploaded: 0 })
    await requireStoredComesBack(user, folder, outcomes)
  })

  test.skipIf(cannotBeOrdinary)('to a user who may not read them all', async () => {
    const user = await photosUser()
    const folder = join(user.folder, 'special')
    await makeSpecialFiles(folder)
    await rm(join(folder, 'sparse-1TiB.mp4'))
    onTestFinished(() => chmod(join(folder, 'unreadable-dir'), 0o755))

    const commandLine = ['sync', folder, '--library', user.library, '--json']
    const finished = await user.start(commandLine, { wrapper: asOrdinaryUser }).finished
    expect(finished).toMatchObject({ exitCode: 3, stderr: '' })
    const failed = outcomesOf(finished).filter(({ action }) => action === 'failed')
    expect(failed.map(({ path, reason }) => [path, reason]).toSorted()).toEqual([
      [join(folder, 'unreadable-dir'), 'cannot list the folder: permission denied'],
      [join(folder, 'unreadable.jpg'), 'permission denied'],
    ])
  })
})

const sync = (user: PhotosUser, folder: string): Promise<Finished> =>
  user.photos('sync', folder, '--library', user.library, '--json')

async function makeSpecialFiles(folder: string): Promise<void> {
  await mkdir(folder)
  await run('python3', [join(corpus ?? '', 'make_special.py'), folder])
  if (!isSlowWanted) await rm(join(folder, 'sparse-5GiB.mov'))
}

function requireSpecialFiles(outcomes: readonly Outcome[], folder: string): void {
  const special = new Map(outcomes.map(({ path, action, reason }) => [path, { action, reason }]))
  const at = (name: string) => special.get(join(folder, name))
  expect(at('sparse-1TiB.mp4')).toEqual({
    action: 'failed',
    reason: expect.stringMatching(/^too large: 1,099,511,627,776 bytes/),
  })
  for (const link of ['loop-a', 'self.jpg', 'dangling.jpg', 'outside.jpg', 'dir/parent']) {
    expect([link, at(link)]).toEqual([link, { action: 'skipped', reason: 'a symbolic link; it is not followed' }])
  }
  expect(at('fifo.jpg')).toEqual({ action: 'skipped', reason: 'a pipe, not a file' })
  expect(at('socket.jpg')).toEqual({ action: 'skipped', reason: 'a socket, not a file' })
}

/** Every file of the folder is told of, and those that are stored come back under the bytes of their names. */
async function requireStoredComesBack(user: PhotosUser, folder: string, outcomes: readonly Outcome[]): Promise<void> {
  await rm(join(folder, 'special', 'sparse-1TiB.mp4'))
  const tree = await readTree(folder)
  const stored = new Set(outcomes.flatMap(({ action, content_hash }) => (action === 'skipped' ? [] : (content_hash ?? []))))
  const pulled = join(user.folder, 'pulled')
  expect(await user.here('pull', '--to', pulled, '--library', user.library, '-q')).toMatchObject({ exitCode: 0 })
  const expected = new Map([...tree].filter(([, file]) => stored.has(file.contentHash)).filter(isNotLeftOut))
  expect(await readTree(join(pulled, 'bad'))).toEqual(expected)
  const missing = [...tree]
    .filter(isNotLeftOut)
    .filter(([path]) => !expected.has(path))
    .map(([path]) => shown(join(folder, path)))
  const told = new Set(outcomes.map(({ path }) => path))
  expect(missing.filter((path) => !told.has(path))).toEqual([])
  expect((await listTree(folder)).length).toBeGreaterThan(130)
}

/** What is hidden, or a system's own, is left out without a word. */
function isNotLeftOut([path]: readonly [string, FileInTree]): boolean {
  return path.split('/').every((name) => findLeftOutCause(name, false) === undefined)
}

const shown = (path: string): string => Buffer.from(path, 'latin1').toString()

async function isRunnable([program = '', ...rest]: readonly string[]): Promise<boolean> {
  try {
    await run(program, rest)
    return true
  } catch {
    return false
  }
}
