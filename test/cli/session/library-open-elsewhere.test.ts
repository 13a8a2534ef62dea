import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openLibrary } from '../../../cli/session/open-library.ts'
import { describeSelf, showHolder } from '../../../cli/state/lock-holder.ts'
import { libraryPaths } from '../../../embedded/library.ts'
import { openLibraryInTest } from '../../embedded/library-in-test.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { photosUser } from '../../whole-path/photos-process.ts'

/** Moves only while somebody waits. */
function waitingClock() {
  let elapsedMs = 0
  const delay = async (milliseconds: number): Promise<void> => {
    elapsedMs += milliseconds
  }
  return { elapsed: () => elapsedMs, delay }
}

/** A library that is open in a process which does not answer: by its note nobody is there, or one who says nothing. */
async function openElsewhere(folder: string, url = 'http://127.0.0.1:1', processId = process.pid) {
  const library = await openLibraryInTest(folder)
  await writeFile(libraryPaths(folder).serving, JSON.stringify({ url, processId }))
  return library.backend.identity
}

/** As a process that was stopped: the system takes the connection, and that is all. */
async function silentServer() {
  const server = createServer((socket) => void onTestFinished(() => void socket.destroy())).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { url: `http://127.0.0.1:${address.port}`, asked: once(server, 'connection') }
}

test('who has a library open and does not answer is told of, and waited for no longer than it takes to open one', async () => {
  const folder = await temporaryFolder()
  await openElsewhere(folder, undefined, 4711)
  const [clock, told] = [waitingClock(), [] as string[]]

  await expect(openLibrary(folder, () => {}, { clock, tell: (message) => told.push(message) })).rejects.toMatchObject({
    exitCode: 5,
    message: `process 4711 (photos serve, or another run) has the library ${folder} open and does not answer`,
    hint: expect.stringContaining('kill -CONT 4711'),
  })

  expect(clock.elapsed()).toBe(10_000)
  expect(told).toEqual([
    `waiting for process 4711 (photos serve, or another run): it has the library ${folder} open and does not answer`,
  ])
})

test('a stop is heard while somebody is waited for who says nothing', async () => {
  const folder = await temporaryFolder()
  const { url, asked } = await silentServer()
  await openElsewhere(folder, url)
  const stopping = new AbortController()
  const opened = openLibrary(folder, () => {}, { signal: stopping.signal })
  await asked
  stopping.abort(new Error('stop'))
  await expect(opened).rejects.toThrow('stop')
})

test('a run that is at work and does not answer is told at once to who must be alone', async () => {
  const user = await photosUser()
  const { remoteId, owner } = await openElsewhere(user.library)
  const holder = await describeSelf('sync', new Date(Date.UTC(2026, 10, 23)))
  const photos = await temporaryFolder()
  const state = join(user.folder, 'state', 'photos')
  await user.here('sync', '--library', join(user.folder, 'another'), photos) // makes the folder of the state
  await writeFile(join(state, `${remoteId}.${owner}-run-held-7`), JSON.stringify(holder))

  const clock = waitingClock()
  expect(await user.hereIn({ clock }, 'sync', '--library', user.library, photos)).toMatchObject({
    exitCode: 11,
    stderr: expect.stringContaining(`does not answer: ${showHolder(holder)}`),
  })
  expect(clock.elapsed()).toBe(0)
  expect(await user.hereIn({ clock }, 'sync', '--retry-lock', '1m', '--library', user.library, photos)).toMatchObject({
    exitCode: 11,
    stderr: expect.stringContaining('waiting for photos sync (process'),
  })
  expect(clock.elapsed()).toBe(60_000)
})

test('a photos serve that was stopped is said to be waited for, until the run is stopped, too', async () => {
  const [user, photos] = [await photosUser(), await temporaryFolder()]
  const serving = user.start(['serve', '--library', user.library])
  await serving.saying(/^serving /)
  serving.child.kill('SIGSTOP')
  const sync = user.start(['sync', '--library', user.library, photos])
  await sync.saying(new RegExp(`waiting for process ${serving.child.pid} `), 'stderr')
  sync.child.kill('SIGTERM')
  expect(await sync.finished).toMatchObject({ exitCode: 143 })
})
