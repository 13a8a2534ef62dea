import { readdir, readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { beforeAll, expect, test } from 'vitest'
import { run } from '../../cli/program.ts'
import { RecordedStream } from './terminal/recorded-stream.ts'

const root = new URL('../../', import.meta.url)

/** What may be typed after a command, by its words: `schedule install`. */
let options: ReadonlyMap<string, readonly Option[]>
/** What users read, by its path. */
let documents: ReadonlyMap<string, string>

interface Option {
  readonly flag: string
  readonly hasVariable: boolean
}

beforeAll(async () => {
  options = new Map(await commandsBelow([]))
  const names = (await readdir(new URL('docs/', root))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)
  const paths = ['README.md', ...names]
  documents = new Map(await Promise.all(paths.map(async (path) => [path, await readFile(new URL(path, root), 'utf8')] as const)))
})

async function commandsBelow(words: readonly string[]): Promise<readonly (readonly [string, readonly Option[]])[]> {
  const help = await helpOf(words)
  const [, listed = ''] = help.split(/^Commands:$/m)
  const subcommands = [...listed.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name = '']) => name).filter((name) => name !== 'help')
  if (subcommands.length === 0) return [[words.join(' '), optionsIn(help)]]
  return (await Promise.all(subcommands.map((name) => commandsBelow([...words, name])))).flat()
}

function optionsIn(help: string): readonly Option[] {
  const [, listed = ''] = help.split(/^Options:$/m)
  return listed
    .split(/^ {2}(?=-)/m)
    .flatMap((text) => [...text.matchAll(/^(?:-\w, )?(--[a-z-]+)/g)].map(([, flag = '']) => [flag, text] as const))
    .filter(([flag]) => flag !== '--help')
    .map(([flag, text]) => ({ flag, hasVariable: /\(.*env:\s+PHOTOS_[A-Z_]+/s.test(text) }))
}

async function helpOf(words: readonly string[]): Promise<string> {
  const [stdout, stderr] = [new RecordedStream(), new RecordedStream()]
  const { signal } = new AbortController()
  const context = { stdin: Readable.from([]), stdout, stderr, environment: {}, now: () => new Date(), signal }
  expect(await run([...words, '--help'], context)).toBe(0)
  return stdout.text
}

interface Typed {
  readonly command: string
  readonly flags: readonly string[]
}

/** The commands in a text, in lines of code and within sentences. */
function typedIn(text: string): readonly Typed[] {
  const lines = text
    .replaceAll(/\\\n\s*/g, '')
    .replaceAll(/^```\w*$/gm, '')
    .split('\n')
  const code = lines.flatMap((line) => [/^(?: {4}|\$ )(.*)/.exec(line)?.[1] ?? '', ...(line.match(/(?<=`)[^`]+(?=`)/g) ?? [])])
  return code.flatMap((line) => {
    const [, words = ''] = /(?:^|[\s|])photos (.*)$/.exec(line) ?? []
    const command = [...options.keys()].find((name) => words === name || words.startsWith(`${name} `))
    return command === undefined ? [] : [{ command, flags: words.match(/(?<=\s)--[a-z-]+\b/g) ?? [] }]
  })
}

function isKnown(flag: string, command: string): boolean {
  const commands = command === 'schedule install' ? [command, 'sync'] : [command]
  return commands.some((name) => options.get(name)?.some((option) => option.flag === flag))
}

test('each option of each command is in a document', () => {
  const all = [...documents.values()].join('\n')
  const missing = [...options].flatMap(([command, known]) =>
    known.filter(({ flag }) => !new RegExp(`${flag}(?![a-z-])`).test(all)).map(({ flag }) => `${command} ${flag}`),
  )
  expect(missing).toEqual([])
})

test('each option has a variable', () => {
  const without = [...options].flatMap(([command, known]) =>
    known.filter(({ hasVariable }) => !hasVariable).map(({ flag }) => `${command} ${flag}`),
  )
  expect(without).toEqual([])
})

test('each option that a document has somebody type is one of its command', () => {
  const typed = [...documents].flatMap(([path, text]) => typedIn(text).map((words) => ({ path, ...words })))
  expect(typed.filter(({ flags }) => flags.length > 0).length).toBeGreaterThan(20)
  const wrong = typed.flatMap(({ path, command, flags }) =>
    flags.filter((flag) => !isKnown(flag, command)).map((flag) => `${path}: photos ${command} ${flag}`),
  )
  expect(wrong).toEqual([])
})
