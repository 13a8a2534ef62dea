import { execFileSync } from 'node:child_process'
import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Interruption } from '../../../cli/interruption.ts'
import { run } from '../../../cli/program.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { RecordedStream } from '../terminal/recorded-stream.ts'

interface Typing {
  readonly stdin?: string | Readable
  readonly signal?: AbortSignal
}

interface Typed {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

const now = (): Date => new Date(2026, 10, 23)

/** A folder with photos of 10 bytes, no two with the same, and a way to type `photos sync` over it, in which nothing is sent. */
async function cardInTest(...paths: readonly string[]) {
  const home = await temporaryFolder()
  const dcim = join(home, 'DCIM')
  for (const [index, path] of paths.entries()) {
    await mkdir(join(dcim, path, '..'), { recursive: true })
    await writeFile(join(dcim, path), String(index).padStart(10, '0'))
  }
  const sync = async (
    options: readonly string[],
    { stdin = '', signal = new AbortController().signal }: Typing = {},
  ): Promise<Typed> => {
    const [stdout, stderr] = [new RecordedStream(), new RecordedStream()]
    const input = typeof stdin === 'string' ? Readable.from([Buffer.from(stdin, 'latin1')]) : stdin
    const context = { stdin: input, stdout, stderr, now, environment: { HOME: home }, signal }
    const exitCode = await run(['sync', '-n', ...options], context)
    return { exitCode, stdout: stdout.text, stderr: stderr.text }
  }
  /** Which of the files would be backed up; a link's bytes are those of another one. */
  const taken = async (options: readonly string[], typing?: Typing): Promise<readonly string[]> => {
    const { exitCode, stderr } = await sync(['-v', ...options, dcim], typing)
    expect(exitCode, stderr).toBe(0)
    return [...stderr.matchAll(/^(?:would upload|already stored): ([^:\n]*)/gm)]
      .map(([, path = '']) => path.slice(dcim.length + 1))
      .toSorted()
  }
  return { home, dcim, sync, taken }
}

describe('photos sync', () => {
  it('takes what its flags say', async () => {
    const { dcim, taken } = await cardInTest('1.jpg', '2.mov', 'b/3.jpg', '.hidden.jpg', 'b/large.jpg', 'old.jpg')
    await writeFile(join(dcim, 'b/large.jpg'), Buffer.alloc(2048))
    await utimes(join(dcim, 'old.jpg'), new Date(2020, 0, 1), new Date(2021, 11, 31, 23, 59, 59))
    await symlink('b', join(dcim, 'link'))
    const all = ['1.jpg', '2.mov', 'b/3.jpg', 'b/large.jpg', 'old.jpg']
    expect(await taken([])).toEqual(all)
    expect(await taken(['--exclude', '*.mov', '--exclude', 'b/'])).toEqual(['1.jpg', 'old.jpg'])
    expect(await taken(['--include', '*.mov', '--include', '/1.*'])).toEqual(['1.jpg', '2.mov'])
    expect(await taken(['--min-size', '2K'])).toEqual(['b/large.jpg'])
    expect(await taken(['--max-size', '10B'])).toEqual(all.filter((path) => path !== 'b/large.jpg'))
    expect(await taken(['--older', '2021'])).toEqual(['old.jpg'])
    expect(await taken(['--newer', '2022'])).toEqual(all.filter((path) => path !== 'old.jpg'))
    expect(await taken(['--hidden'])).toEqual(['.hidden.jpg', ...all])
    expect(await taken(['--follow-symlinks'])).toEqual([...all, 'link/3.jpg', 'link/large.jpg'].toSorted())
  })

  it('reads patterns from files, and from variables, a line each', async () => {
    const { home, dcim, taken } = await cardInTest('1.jpg', '2.mov', 'b/3.jpg', 'keep.mov')
    await writeFile(join(home, 'filter'), '\uFEFF# no videos\r\n*.mov\r\n!keep.mov\r\n')
    expect(await taken(['--filter-from', join(home, 'filter')])).toEqual(['1.jpg', 'b/3.jpg', 'keep.mov'])
    await writeFile(join(dcim, 'b/.photosignore'), '*\n')
    vi.stubEnv('PHOTOS_EXCLUDE', '*.mov\n1.*')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(await taken([])).toEqual([])
    expect(await taken(['--exclude', 'x'])).toEqual(['1.jpg', '2.mov', 'keep.mov'])
  })

  it('refuses a whole path, which a shell makes of ~, and says what to type', async () => {
    const { home, dcim, sync, taken } = await cardInTest('1.jpg', 'raw/2.jpg')
    const message = (place: string, pattern: string): string =>
      `photos: ${place} ${pattern} can match nothing: patterns are for paths below the folder`
    const typed = { exitCode: 2, stdout: '', stderr: expect.stringContaining(message('--exclude', `${dcim}/raw/`)) }
    expect(await sync(['--exclude', `${dcim}/raw/`, dcim])).toEqual(typed)
    expect((await sync(['--exclude=~/DCIM/raw', dcim])).stderr).toContain("write '/raw'")
    expect(await sync(['--include', `${dcim}/*.jpg`, dcim])).toMatchObject({ exitCode: 2 })
    await writeFile(join(home, 'filter'), `*.mov\n${dcim}/raw\n`)
    const inFile = await sync(['--filter-from', join(home, 'filter'), dcim])
    expect(inFile.stderr).toContain(message(`${join(home, 'filter')}, line 2:`, `${dcim}/raw`))
    expect(await taken(['--exclude', '/raw'])).toEqual(['1.jpg'])
  })

  it('takes a pattern for what it says where that is there', async () => {
    const { dcim, taken } = await cardInTest('1.jpg')
    const [, first = ''] = dcim.split('/')
    await mkdir(join(dcim, dcim), { recursive: true })
    await writeFile(join(dcim, dcim, '2.jpg'), '')
    expect(await taken([])).toContain(join(first, dcim.slice(first.length + 1), '2.jpg'))
    expect(await taken(['--exclude', dcim])).toEqual(['1.jpg'])
    expect(await taken(['--exclude', `${dcim}/2.jpg`])).toEqual(['1.jpg'])
  })

  it.each(['./raw', '../DCIM/raw'])('refuses %s, which can match nothing', async (pattern) => {
    const { dcim, sync } = await cardInTest('raw/1.jpg')
    expect(await sync(['--exclude', pattern, dcim])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('begins with .'),
    })
  })

  it('notes a list with commas, and takes it for one pattern', async () => {
    const { dcim, sync } = await cardInTest('1.jpg', '2.mov')
    const { exitCode, stdout, stderr } = await sync(['--exclude', '*.mov,*.mp4', '--exclude', 'Paris, 2021/', dcim])
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining('would upload 2 ') })
    expect(stderr.match(/is one pattern/g)).toHaveLength(1)
    expect(stderr).toContain("--exclude '*.mov,*.mp4' is one pattern, with its commas; for several give --exclude again for each")
  })

  it('says what was left out and why, and names it with --verbose', async () => {
    const { dcim, sync } = await cardInTest('a.jpg', '.hidden/a.jpg', '.DS_Store', 'b.mov', 'c.mov')
    const note = 'left out: 1 hidden, 1 junk, 2 by filters'
    expect((await sync(['--exclude', '*.mov', dcim])).stderr.split('\n')).toContain(`${note} (--verbose names them)`)
    expect((await sync(['-v', '--exclude', '*.mov', dcim])).stderr.split('\n')).toEqual(
      expect.arrayContaining([
        `left out: ${dcim}/.DS_Store: junk by its name`,
        `left out: ${dcim}/.hidden: a hidden name`,
        `left out: ${dcim}/b.mov: by a filter`,
        note,
      ]),
    )
    const named = `{"message_type":"file","action":"left_out","path":"${dcim}/.hidden","size_bytes":null,"content_hash":null,"reason":"a hidden name"}`
    expect((await sync(['--json', '-v', dcim])).stdout.split('\n')).toContain(named)
    expect((await sync(['--json', dcim])).stdout).not.toContain('left_out')
  })
})

describe('--files-from', () => {
  it('takes a list from a file or from standard input, by lines or by NULs', async () => {
    const { home, dcim, taken } = await cardInTest('1.jpg', 'b/2.jpg', 'b/3.jpg', 'c/4.jpg', '.5.jpg')
    await writeFile(join(home, 'list'), `1.jpg\r\n${dcim}/b/../.5.jpg\nc/\n`)
    expect(await taken(['--files-from', join(home, 'list')])).toEqual(['.5.jpg', '1.jpg', 'c/4.jpg'])
    expect(await taken(['--files-from', '-'], { stdin: 'b/2.jpg\0./b/3.jpg\0' })).toEqual(['b/2.jpg', 'b/3.jpg'])
    expect(await taken(['--files-from', '-', '--exclude', '2.*'], { stdin: 'b' })).toEqual(['b/3.jpg'])
    expect(await taken(['--files-from', '-'])).toEqual([])
  })

  it('names what is not there or in no folder, and goes on', async () => {
    const { home, dcim, sync } = await cardInTest('1.jpg')
    const { exitCode, stdout, stderr } = await sync(['--files-from', '-', dcim], { stdin: 'gone.jpg\n../list\n1.jpg\n' })
    expect(exitCode).toBe(3)
    expect(stderr).toContain(`failed: ${dcim}/gone.jpg: not there\n`)
    expect(stderr).toContain(`failed: ${home}/list: lies in none of the folders of this run\n`)
    expect(stdout).toMatch(/^dry run: would upload 1 /)
  })

  it('can be interrupted while nothing comes on standard input, of which nothing is waited for then', async () => {
    const { dcim, sync } = await cardInTest('1.jpg')
    const stopping = new AbortController()
    let pieces = 0
    const stdin = new Readable({
      read() {
        if (pieces++ === 0) this.push('1.jpg\n')
        else stopping.abort(new Interruption('SIGTERM'))
      },
    })
    expect(await sync(['--files-from', '-', dcim], { stdin, signal: stopping.signal })).toMatchObject({ exitCode: 143 })
    expect(stdin.destroyed).toBe(true)
  })
})

describe('a usage error', () => {
  it.each([
    [['--exclude', '[a'], 'has a [ without its ]'],
    [['--exclude', '!a'], 'begins with !'],
    [['--include', '/'], "the pattern names nothing below the folder; '*' is everything"],
    [['--exclude', '2021//raw'], "the pattern has two slashes in a row, as no path does; write '2021/raw'"],
    [['--include', '.'], "the pattern has a '.' that stands alone, as in no path"],
    [['--include', ''], 'it is empty'],
    [['--filter-from', '/nonexistent/filter'], 'cannot read /nonexistent/filter'],
    [['--filter-from', ''], 'give a file; it is empty'],
    [['--files-from', ''], 'give a file; it is empty'],
    [['--files-from', '/nonexistent/list'], 'cannot read /nonexistent/list'],
    [['--files-from', '/'], '/ is a folder, not a list of files'],
    [['--min-size', 'much'], "'much' is not a size"],
    [['--min-size', '2M', '--max-size', '1M'], '--min-size is larger than --max-size'],
    [['--newer', 'soon'], "option '--newer <time>' argument 'soon' is invalid. 'soon' is not a time"],
    [['--newer', '2022', '--older', '2021'], '--newer 2022 is after --older 2021'],
  ])('is %j', async (options, message) => {
    const { dcim, sync } = await cardInTest('1.jpg')
    const { exitCode, stderr } = await sync([...options, dcim])
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) })
  })

  it('is a line of a filter file that can match nothing; comments and empty lines are none', async () => {
    const { home, dcim, sync } = await cardInTest('1.jpg')
    await writeFile(join(home, 'filter'), '# /\n\n  \n*.mov\n')
    expect(await sync(['--filter-from', join(home, 'filter'), dcim])).toMatchObject({ exitCode: 0 })
    await writeFile(join(home, 'filter'), '# /\n\n!/\n')
    const { exitCode, stderr } = await sync(['--filter-from', join(home, 'filter'), dcim])
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('line 3 of') })
  })

  it('is a filter file that would be waited for for ever, or for hours', async () => {
    const { home, dcim, sync } = await cardInTest('1.jpg')
    execFileSync('mkfifo', [join(home, 'pipe')])
    const piped = await sync(['--filter-from', join(home, 'pipe'), dcim])
    expect(piped).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`${join(home, 'pipe')} is no regular file`) })
    await writeFile(join(home, 'filter'), '*.mov\n'.repeat(1001))
    const long = await sync(['--filter-from', join(home, 'filter'), dcim])
    expect(long).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('has more than 1000 patterns') })
  })

  it('is a bad line of a filter file, by its number', async () => {
    const { home, dcim, sync } = await cardInTest('1.jpg')
    await writeFile(join(home, 'filter'), '*.mov\n[a\n')
    const { exitCode, stderr } = await sync(['--filter-from', join(home, 'filter'), dcim])
    expect(exitCode).toBe(2)
    expect(stderr).toContain(`line 2 of ${join(home, 'filter')} has a [ without its ]`)
  })
})
