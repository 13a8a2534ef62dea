import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { bytePathOf, bytesOf, joinBytePath } from '../../../cli/byte-path.ts'
import { run } from '../../../cli/program.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { readTree } from '../../whole-path/tree.ts'
import { RecordedStream } from '../terminal/recorded-stream.ts'

/** Types a command line into a home of the test's own; throws what it said when it did not end with 0. */
async function type(home: string, ...commandLine: readonly string[]): Promise<void> {
  const [stdout, stderr] = [new RecordedStream(), new RecordedStream()]
  const context = { stdin: Readable.from([]), stdout, stderr, environment: { HOME: home }, now: () => new Date() }
  const exitCode = await run(commandLine, { ...context, signal: new AbortController().signal })
  expect({ exitCode, stderr: stderr.text }).toMatchObject({ exitCode: 0 })
}

/** Without an extension; with one, some are as long as a name may be. */
const odd = [
  '\xe9t\xe9',
  '\xff\xfe\xfd',
  '\x82\xb1\x82\xea',
  '\xc3\xa9',
  'e\xcc\x81',
  `${'\xc3\xa9'.repeat(125)}x`,
  `${'x'.repeat(251)}`,
  `${'\xff'.repeat(251)}`,
  ' leading and trailing  ',
  'new\nline',
  'tab\tquote"',
  'back\\slash',
  '-n',
  '%41',
  '\x01\x7f',
  '\xe2\x80\xae',
  '*?[a]',
  '~',
  'CON',
]

it('brings back every name that a file system may hold, of files and of folders', async () => {
  const [home, source, to] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()]
  for (const [index, name] of odd.entries()) {
    const folder = joinBytePath(bytePathOf(source), name)
    await mkdir(bytesOf(folder))
    await writeFile(bytesOf(joinBytePath(folder, `${name}.xmp`)), `sidecar ${index}`)
  }
  await type(home, 'sync', source)
  await type(home, 'pull', '--to', to)
  const before = await readTree(source)
  expect(before.size).toBe(odd.length)
  expect(await readTree(join(to, basename(source)))).toEqual(before)
})

it('brings back what links led to, as files of their own', async () => {
  const [home, source, to] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()]
  const elsewhere = await temporaryFolder()
  await writeFile(join(elsewhere, 'a.jpg'), 'photo')
  await symlink(elsewhere, join(source, 'folder'))
  await symlink(join(elsewhere, 'a.jpg'), join(source, 'b.jpg'))
  await type(home, 'sync', '--follow-symlinks', source)
  await type(home, 'pull', '--to', to)
  for (const path of ['folder/a.jpg', 'b.jpg']) {
    expect(await readFile(join(to, basename(source), path), 'utf8')).toBe('photo')
  }
})
