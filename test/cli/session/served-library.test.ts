import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { openHttpRemote } from '../../../cli/remote/http-remote.ts'
import { createTransport } from '../../../cli/remote/transport.ts'
import { openLibrary } from '../../../cli/session/open-library.ts'
import { libraryPaths } from '../../../embedded/library.ts'
import { findServing } from '../../../embedded/serving.ts'
import { type LibraryInTest, openLibraryInTest } from '../../embedded/library-in-test.ts'
import { ask } from '../../embedded/request.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const log = () => {}

/** What a killed `photos serve` leaves behind. */
async function leaveNote(folder: string, url: string): Promise<void> {
  await mkdir(libraryPaths(folder).own, { recursive: true })
  await writeFile(libraryPaths(folder).serving, JSON.stringify({ url, processId: 1 }))
}

/** A server of somebody else's, which by now has the address of the note. */
async function strangersServer(
  answer: string | ((request: IncomingMessage) => Promise<string>) = '{}',
): Promise<{ readonly url: string; readonly authorizations: (string | undefined)[] }> {
  const authorizations: (string | undefined)[] = []
  const server = createServer(async (request, response) => {
    authorizations.push(request.headers.authorization)
    response.end(typeof answer === 'string' ? answer : await answer(request))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { url: `http://127.0.0.1:${address.port}`, authorizations }
}

test('a library that is served is reached where it is', async () => {
  const folder = await temporaryFolder()
  const { backend } = await openLibraryInTest(folder)

  const opened = await openLibrary(folder, log)

  expect(opened.url).toBe(backend.url)
  const response = await fetch(`${opened.url}/v1/usage`, { headers: { authorization: `Bearer ${await opened.accessToken()}` } })
  expect(response.status).toBe(200)
})

test('a library that is no longer served says so, and what to do', async () => {
  const folder = await temporaryFolder()
  const { close } = await openLibraryInTest(folder)
  const transport = createTransport({ clock: { now: Date.now, random: () => 0, delay: async () => {} } })
  onTestFinished(() => transport.close())
  const library = await openLibrary(folder, log)
  const remote = await openHttpRemote({ ...library, session: library, transport })
  await close()
  await expect(remote.usage()).rejects.toMatchObject({
    exitCode: 5,
    message: `the photos serve (or other run) that had the library ${folder} open has ended`,
    hint: expect.stringContaining('run the same command again'),
  })
})

test('a note that a killed process left does not keep a library closed, and who answers there sees no token', async () => {
  const folder = await temporaryFolder()
  const first = await openLibrary(folder, log)
  await first.close()
  const stranger = await strangersServer()
  await leaveNote(folder, stranger.url)

  const opened = await openLibrary(folder, log)
  onTestFinished(() => opened.close())

  expect(opened.url).not.toBe(stranger.url)
  expect(stranger.authorizations).toEqual([undefined])
})

test('who repeats what the library tells everyone is still a stranger', async () => {
  const folder = await temporaryFolder()
  const first = await openLibrary(folder, log)
  const description = await (await fetch(`${first.url}/.well-known/photos.json`)).text()
  await first.close()
  const stranger = await strangersServer(description)
  await leaveNote(folder, stranger.url)

  const opened = await openLibrary(folder, log)
  onTestFinished(() => opened.close())

  expect(opened.url).not.toBe(stranger.url)
  expect(stranger.authorizations).toEqual([undefined])
})

test('who passes the question on to the library, and its answer back, is still a stranger', async () => {
  const folder = await temporaryFolder()
  await (await openLibrary(folder, log)).close()
  let served: LibraryInTest | undefined
  const stranger = await strangersServer(async (request) => {
    served ??= await openLibraryInTest(folder)
    const { host } = new URL(served.backend.url)
    const answers = [host, request.headers.host].map((name) =>
      ask(`${served?.backend.url}${request.url}`, { headers: { host: name ?? '' } }),
    )
    return (await Promise.all(answers)).find(({ status }) => status === 200)?.text ?? ''
  })
  await leaveNote(folder, stranger.url)

  const opened = await openLibrary(folder, log)

  expect([opened.url, stranger.authorizations]).toEqual([served?.backend.url, [undefined]])
})

test('a note that was left behind is gone as soon as the library is locked', async () => {
  const folder = await temporaryFolder()
  await (await openLibrary(folder, log)).close()
  await leaveNote(folder, 'http://127.0.0.1:1')
  await writeFile(libraryPaths(folder).identity, 'damaged')
  await expect(openLibrary(folder, log)).rejects.toThrow()
  expect(await findServing(folder)).toBeUndefined()
})

test('an address where nobody answers any more does not keep a library closed', async () => {
  const folder = await temporaryFolder()
  await leaveNote(folder, 'http://127.0.0.1:1')

  const opened = await openLibrary(folder, log)
  onTestFinished(() => opened.close())

  expect(opened.url).not.toBe('http://127.0.0.1:1')
})
