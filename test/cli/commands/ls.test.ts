import { expect, test } from 'vitest'
import { runLs } from '../../../cli/commands/ls.ts'
import type { Remote } from '../../../cli/remote/remote.ts'
import type { ListEntry, ListedLocation, Location, Photo } from '../../../contract/photos.ts'
import { photoEntryOf, photoOf, remoteInTest, storedPhoto } from '../pull/pull-in-test.ts'
import { BrokenPipe, RecordedStream } from '../terminal/recorded-stream.ts'

const stored = storedPhoto('a photo', 'DCIM/100CANON/IMG_0001.JPG', 'copy/IMG_0001.JPG')
const shot: Photo = {
  ...photoOf(stored),
  sizeBytes: 6_100_000,
  captureTime: '2019-10-26T16:07:24.50+02:00',
  captureTimeSource: 'DateTimeOriginal',
  camera: 'Canon EOS 1300D',
  widthPixels: 5184,
  heightPixels: 3456,
  renditions: [{ name: 'thumbnail', widthPixels: 400, heightPixels: 267, sizeBytes: 9000 }],
}
const bare: Photo = { ...photoOf(storedPhoto('bare')), sizeBytes: 4, camera: '\u001b[31m', reason: 'not an image' }

function entriesOf(photo: Photo, locations: readonly Location[] = []): readonly ListEntry[] {
  const { contentHash } = photo
  return [photoEntryOf(photo), ...locations.map((location) => ({ kind: 'location' as const, contentHash, location }))]
}

async function listing(...entries: readonly ListEntry[]): Promise<{ readonly remote: Remote; readonly listed: () => number }> {
  const { remote } = await remoteInTest([])
  let listed = 0
  async function* listPhotos(): AsyncGenerator<ListEntry> {
    for (const entry of entries) {
      listed += 1
      yield entry
    }
  }
  return { remote: { ...remote, listPhotos }, listed: () => listed }
}

test('a photo a line, in columns, with hostile names made visible', async () => {
  const stdout = new RecordedStream()
  const { remote } = await listing(...entriesOf(shot, stored.locations), ...entriesOf(bare))
  expect(await runLs({ remote, range: {}, json: false, stdout, stderr: new RecordedStream() })).toBe(0)
  expect(stdout.lines).toEqual([
    '2019-10-26 16:07:24    5184x3456    6.1 MB  Canon EOS 1300D           DCIM/100CANON/IMG_0001.JPG',
    `-                              -       4 B  \\x1b[31m                  ${bare.contentHash}.jpg`,
  ])
})

test('json: a photo a line, with the fields that scripts may rely on', async () => {
  const stdout = new RecordedStream()
  const { remote } = await listing(...entriesOf(shot, stored.locations), ...entriesOf(bare))
  await runLs({ remote, range: {}, json: true, stdout, stderr: new RecordedStream() })
  expect(stdout.lines.map((line): unknown => JSON.parse(line))).toEqual([
    {
      content_hash: stored.contentHash,
      file_name: 'IMG_0001.JPG',
      path: 'DCIM/100CANON/IMG_0001.JPG',
      size_bytes: 6_100_000,
      content_type: 'image/jpeg',
      capture_time: '2019-10-26T16:07:24.50+02:00',
      capture_time_source: 'DateTimeOriginal',
      width_pixels: 5184,
      height_pixels: 3456,
      camera: 'Canon EOS 1300D',
      renditions: [{ name: 'thumbnail', width_pixels: 400, height_pixels: 267, size_bytes: 9000 }],
      reason: null,
    },
    {
      content_hash: bare.contentHash,
      file_name: `${bare.contentHash}.jpg`,
      path: null,
      size_bytes: 4,
      content_type: 'image/jpeg',
      capture_time: null,
      capture_time_source: null,
      width_pixels: null,
      height_pixels: null,
      camera: '\u001b[31m',
      renditions: [],
      reason: 'not an image',
    },
  ])
})

test('a photo of very many places is one line', async () => {
  const stdout = new RecordedStream()
  const location = { device: 'laptop', path: 'a.jpg', modificationTime: '2021-06-01T00:00:00Z' }
  const { remote } = await listing(
    ...entriesOf(
      shot,
      Array.from({ length: 250 }, () => location),
    ),
  )
  await runLs({ remote, range: {}, json: false, stdout, stderr: new RecordedStream() })
  expect(stdout.lines).toHaveLength(1)
})

test('shows where a photo lies now, else where it lay last', async () => {
  const at = (path: string, day?: number): ListedLocation => ({
    device: 'laptop',
    path,
    modificationTime: '2021-06-01T00:00:00Z',
    ...(day && { gone: { at: `2026-01-0${day}T00:00:00.000Z`, replaced: false } }),
  })
  const { remote } = await listing(
    ...entriesOf(shot, [at('old.jpg', 2), at('now.jpg')]),
    ...entriesOf(bare, [at('first.jpg', 1), at('last.jpg', 2)]),
  )
  const [stdout, json] = [new RecordedStream(), new RecordedStream()]
  await runLs({ remote, range: {}, json: false, stdout, stderr: new RecordedStream() })
  expect(stdout.lines.map((line) => line.split(' ').at(-1))).toEqual(['now.jpg', 'last.jpg'])
  await runLs({ remote, range: {}, json: true, stdout: json, stderr: new RecordedStream() })
  expect(json.lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { path: 'now.jpg', file_name: 'now.jpg' },
    { path: 'last.jpg', file_name: 'last.jpg' },
  ])
})

test('ends when nobody reads any more', async () => {
  const stdout = new BrokenPipe(10)
  const { remote, listed } = await listing(...Array.from({ length: 10_000 }, () => entriesOf(bare)).flat())
  expect(await runLs({ remote, range: {}, json: true, stdout, stderr: new RecordedStream() })).toBe(0)
  expect(stdout.lines).toHaveLength(10)
  expect(listed()).toBeLessThan(100)
})

test.each([
  [{}, 'no photos yet'],
  [{ from: '2021-01-01T00:00:00' }, 'no photos of that time; those without a capture time are not of any'],
])('says on stderr that there are none: %j', async (range, line) => {
  const [stdout, stderr] = [new RecordedStream(), new RecordedStream()]
  const { remote } = await listing()
  expect(await runLs({ remote, range, json: false, stdout, stderr })).toBe(0)
  expect({ stdout: stdout.text, stderr: stderr.lines }).toEqual({ stdout: '', stderr: [line] })
})
