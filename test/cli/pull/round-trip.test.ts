import { readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import type { Context } from '../../../cli/context.ts'
import { run } from '../../../cli/program.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { RecordedStream } from '../terminal/recorded-stream.ts'

const startedAt = new Date()

interface Typed {
  readonly exitCode: number
  readonly stdout: RecordedStream
  readonly stderr: RecordedStream
}

/** Types a command line into a home of the test's own. */
async function type(home: string, ...commandLine: readonly string[]): Promise<Typed> {
  const stdout = new RecordedStream()
  const stderr = new RecordedStream()
  const context: Context = {
    stdin: Readable.from([]),
    stdout,
    stderr,
    environment: { HOME: home },
    now: () => startedAt, // it stands still: no progress line comes between on a slow machine
    signal: new AbortController().signal,
  }
  return { exitCode: await run(commandLine, context), stdout, stderr }
}

function summaryOf({ stdout }: Typed): unknown {
  return JSON.parse(stdout.lines.at(-1) ?? '')
}

test('what a sync stores, a pull brings back: names, bytes and modification times', async () => {
  const home = await temporaryFolder()
  const source = await temporaryFolder()
  const paths = ['IMG_1.JPG', 'IMG_2.JPG', 'ümläut ☃.jpg', '-rf.jpg', '[1]{a}*?.jpg', 'copy of IMG_1.JPG']
  for (const [index, path] of paths.entries()) {
    const background = { r: path.startsWith('copy') ? 0 : index * 40, g: 9, b: 9 }
    const image = sharp({ create: { width: 64, height: 48, channels: 3, background } })
    await writeFile(join(source, path), await image.jpeg().toBuffer())
    await utimes(join(source, path), 1_000_000_000.123456 + index, 1_000_000_000.123456 + index)
  }
  await symlink('IMG_1.JPG', join(source, 'link.jpg'))

  expect((await type(home, 'sync', source)).exitCode).toBe(0)
  const to = join(home, 'pulled')
  const pulled = await type(home, 'pull', '--to', to, '--json')
  expect(summaryOf(pulled)).toMatchObject({ message_type: 'summary', pulled: 6, unchanged: 0, failed: 0, exit_code: 0 })
  for (const path of paths) {
    const [original, copy] = [join(source, path), join(to, basename(source), path)]
    expect((await readFile(copy)).equals(await readFile(original))).toBe(true)
    const [{ mtimeNs: expected }, { mtimeNs }] = [await stat(original, { bigint: true }), await stat(copy, { bigint: true })]
    expect(mtimeNs / 1000n).toBe(expected / 1000n)
  }
  expect(summaryOf(await type(home, 'pull', '--to', to, '--json'))).toMatchObject({
    pulled: 0,
    unchanged: 6,
    bytes_downloaded: 0,
  })
  expect((await type(home, 'ls')).stdout.lines).toHaveLength(5)
})

test('undated photos are left out by --since, and the user hears of it', async () => {
  const home = await temporaryFolder()
  const source = await temporaryFolder()
  const dated = sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } }).withExif({
    IFD2: { DateTimeOriginal: '2021:06:15 12:00:00' },
  })
  await writeFile(join(source, 'dated.jpg'), await dated.jpeg().toBuffer())
  await writeFile(
    join(source, 'undated.png'),
    await sharp({ create: { width: 8, height: 8, channels: 3, background: 'blue' } })
      .png()
      .toBuffer(),
  )
  await type(home, 'sync', source)
  const { stdout, stderr } = await type(home, 'pull', '--since', '2021-06', '--until', '2021-06', '--to', join(home, 'june'))
  expect(stdout.text).toMatch(/^pulled 1 \(\d+ B\), unchanged 0, failed 0 in /)
  expect(stderr.lines.at(-1)).toBe('1 photo has no capture time and is left out; without --since and --until all are pulled')
  expect((await type(home, 'ls', '--since', '2022')).stdout.text).toBe('')
  expect((await type(home, 'pull', '--since', 'soon', '--to', home)).exitCode).toBe(2)
})
