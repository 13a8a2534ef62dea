import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { parseBandwidth } from '../../../cli/remote/bandwidth-timetable.ts'
import { getToFile } from '../../../cli/remote/get.ts'
import { putBytes, putRange } from '../../../cli/remote/put.ts'
import { bodyOf, listen, signed, transportInTest } from './scripted-server.ts'
import { createVirtualClock } from './virtual-clock.ts'

const k = 1024

/** Bytes as they went over the network, each with its time. */
function slowLine(bandwidth: string, startMs = 0) {
  const clock = createVirtualClock(startMs)
  const { transport } = transportInTest({ clock })
  transport.bandwidth.limit(parseBandwidth(bandwidth))
  const moved: { readonly atMs: number; readonly bytes: number }[] = []
  const onMoved = (bytes: number): void => void moved.push({ atMs: clock.elapsed(), bytes })
  const movedBetween = (fromMs: number, untilMs: number): number =>
    moved.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs).reduce((sum, { bytes }) => sum + bytes, 0)
  return { clock, transport, moved, onMoved, movedBetween }
}

const bytesOf = (random: Buffer) => ({
  read: async (buffer: Buffer, offset: number, length: number, position: number) => ({
    bytesRead: random.copy(buffer, offset, position, position + length),
  }),
})

test('four uploads share 50 KiB a second, without bursts and without stalls', async () => {
  const received: Buffer[] = []
  const url = await listen(async (request, response) => {
    received.push(await bodyOf(request))
    response.end()
  })
  const { clock, transport, onMoved, moved, movedBetween } = slowLine('50')
  const bytes = randomBytes(500 * k)
  const options = { transport, onMoved }
  await Promise.all([
    ...Array.from({ length: 3 }, () =>
      putRange(signed('PUT', url), bytesOf(bytes), { offset: 0, sizeBytes: bytes.length }, options),
    ),
    putBytes(signed('PUT', url), bytes, options),
  ])
  expect(received.every((body) => body.equals(bytes))).toBe(true)
  expect(clock.elapsed() / 1000).toBeGreaterThan(39)
  expect(clock.elapsed() / 1000).toBeLessThan(41)
  for (let second = 0; second < 39; second += 1) {
    expect(movedBetween(second * 1000, second * 1000 + 1000)).toBeLessThan(75 * k)
    expect(movedBetween(second * 1000, second * 1000 + 1000)).toBeGreaterThan(25 * k)
  }
  expect(Math.max(...moved.map(({ bytes: step }) => step))).toBeLessThanOrEqual(64 * k)
})

test('a timetable begins and ends a limit in the middle of a transfer', async () => {
  const url = await listen(async (request, response) => {
    await bodyOf(request)
    response.end()
  })
  const fiveToEight = new Date(2026, 0, 31, 7, 59, 55).getTime()
  const { clock, transport, onMoved, movedBetween } = slowLine('07:00,100k 08:00,10k 08:01,100k', fiveToEight)
  await putBytes(signed('PUT', url), randomBytes(1500 * k), { transport, onMoved })
  expect(movedBetween(0, 5000) / k).toBeGreaterThan(450)
  expect(movedBetween(6000, 65_000) / k).toBeLessThan(610)
  expect(movedBetween(65_500, Number.POSITIVE_INFINITY) / k).toBeGreaterThan(300)
  expect(clock.elapsed() / 1000).toBeGreaterThan(65)
})

test('downloads share their own limit', async () => {
  const bytes = randomBytes(400 * k)
  const url = await listen((_request, response) => {
    response.writeHead(200, { 'content-length': bytes.length })
    response.end(bytes)
  })
  const { clock, transport } = slowLine('off:100k')
  const sink = {
    writev: async (buffers: NodeJS.ArrayBufferView[]) => ({
      bytesWritten: buffers.reduce((sum, { byteLength }) => sum + byteLength, 0),
    }),
  }
  const sign = async () => signed('GET', url)
  const up = await listen(async (request, response) => {
    await bodyOf(request)
    response.end()
  })
  await putBytes(signed('PUT', up), bytes, { transport })
  expect(clock.elapsed()).toBe(0)
  await Promise.all([1, 2].map(() => getToFile(sign, sink, { transport, sizeBytes: bytes.length })))
  expect(clock.elapsed() / 1000).toBeGreaterThan(6.5)
  expect(clock.elapsed() / 1000).toBeLessThan(8.1)
})

test('an abort ends the wait for bandwidth', async () => {
  const { transport } = slowLine('1B')
  const stop = new AbortController()
  await transport.bandwidth.up.take(1000)
  const waiting = transport.bandwidth.up.take(1, stop.signal)
  stop.abort(new Error('stopped'))
  await expect(waiting).rejects.toThrow('stopped')
})
