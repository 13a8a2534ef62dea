import { join } from 'node:path'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { messagesOf } from './photos-process.ts'
import { readTree } from './tree.ts'
import { clips, wired } from './wired.ts'

const hourMs = 60 * 60 * 1000
const isThawCall = ({ method, path }: { method: string; path: string }) =>
  method === 'POST' && path.startsWith('/photos-storage/')

/** A user whose originals are archived. Only thaws go by the clock that a test moves: whoever pulls has the machine's. */
async function archived(files: Record<string, Buffer>) {
  const clock = { ms: Date.now() }
  const asked: string[] = []
  const thaw = { onAsked: () => {} }
  const options = { variables: { PHOTOS_STORAGE_CLASS: 'DEEP_ARCHIVE' }, thawClock: () => new Date(clock.ms) }
  const { user, folder, sync } = await wired(
    files,
    (request) => {
      if (!isThawCall(request)) return undefined
      asked.push(request.path)
      thaw.onAsked()
      return undefined
    },
    options,
  )
  expect(await sync()).toMatchObject({ exitCode: 0 })
  const to = join(user.folder, 'back up')
  const commandLine = ['pull', '--to', to, '--library', user.library, '--transfers', '2']
  const start = (...more: readonly string[]) => user.start([...commandLine, ...more])
  const pull = (...more: readonly string[]) => user.here(...commandLine, ...more)
  return { user, folder, sync, clock, asked, thaw, to, start, pull }
}

async function photosAndClips(): Promise<Record<string, Buffer>> {
  const photo = await sharp({ create: { width: 64, height: 48, channels: 3, background: '#369' } })
    .jpeg()
    .toBuffer()
  return { ...clips(5), 'IMG_1.JPG': photo, 'copies/IMG_1 (copy).JPG': photo }
}

test('sync with DEEP_ARCHIVE, pull, come back in two days: the same tree', async () => {
  const { user, folder, sync, clock, asked, to, start, pull } = await archived(await photosAndClips())
  const tree = await readTree(folder)
  expect(messagesOf(await sync()).at(-1)).toMatchObject({ already_stored: tree.size, uploaded: 0, exit_code: 0 })

  const dryRun = await pull('--dry-run')
  expect(dryRun.exitCode).toBe(0)
  expect(dryRun.stdout).toMatch(/^dry run: would pull 0 \(0 B\), would thaw 7 \(25\d\.\d kB\), unchanged 0, failed 0 in /)
  expect(asked).toEqual([])

  const first = await start().finished
  expect(first.exitCode).toBe(14)
  expect(first.stdout).toMatch(/^pulled 0 \(0 B\), thawing 7 \(25\d\.\d kB\), unchanged 0, failed 0 in /)
  const notes = withoutProgress(first.stderr)
  expect(notes).toEqual([
    expect.stringMatching(/^originals lie in the archive: their bulk thaw is asked for, which takes up to 48 hours, /),
    expect.stringMatching(
      /^7 files \(25\d\.\d kB\) are thawing and should be there by 20\d\d-\d\d-\d\d \d\d:\d\d; then run again: photos pull --to '/,
    ),
  ])
  expect(notes[1]).toContain(`photos pull --to '${to}' --library ${user.library} --transfers 2`)
  expect(new Set(asked).size).toBe(6)

  clock.ms += 47 * hourMs
  const second = await pull('--json')
  expect(messagesOf(second).at(-1)).toMatchObject({ pulled: 0, thawing: 7, thaw_requested: 0, failed: 0, exit_code: 14 })
  expect(second.stderr).toBe('')
  expect(asked).toHaveLength(6)

  clock.ms += hourMs
  expect(await pull()).toMatchObject({ exitCode: 0 })
  expect(await readTree(join(to, 'camera'))).toEqual(tree)
  expect(asked).toHaveLength(6)
})

test('a pull that is killed while it asks for thaws loses nothing: the next one asks for the rest', async () => {
  const { folder, clock, asked, thaw, to, start, pull } = await archived(clips(12))
  const running = start()
  thaw.onAsked = () => {
    if (asked.length === 4) running.child.kill('SIGKILL')
  }
  expect(await running.finished).toMatchObject({ exitCode: null })
  thaw.onAsked = () => {}
  // Those on their way when it was killed may have arrived all the same, and are then not asked for again.
  const before = new Set(asked)
  const next = messagesOf(await pull('--json')).at(-1)
  expect(next).toMatchObject({ thawing: 12, failed: 0, exit_code: 14 })
  expect(new Set(asked).size).toBe(12)
  expect(asked.length).toBeLessThanOrEqual(12 + 2)
  expect(before.size).toBeGreaterThanOrEqual(4)

  clock.ms += 48 * hourMs
  expect(await pull()).toMatchObject({ exitCode: 0 })
  expect(await readTree(join(to, 'camera'))).toEqual(await readTree(folder))
})

/** A slow machine has a line of it now and then. */
function withoutProgress(stderr: string): readonly string[] {
  return stderr.split('\n').filter((line) => line !== '' && !line.startsWith('pull: '))
}

test('a tier that the archive does not have is a usage error', async () => {
  const { asked, pull } = await archived(clips(1))
  const finished = await pull('--thaw-tier', 'expedited')
  expect(finished).toMatchObject({ exitCode: 2, stdout: '' })
  expect(finished.stderr).toContain('Allowed choices are bulk, standard.')
  expect((await pull('--thaw-days', '0')).exitCode).toBe(2)
  expect(asked).toEqual([])
})
