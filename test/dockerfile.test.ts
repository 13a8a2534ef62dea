import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import packageJson from '../package.json' with { type: 'json' }
import { shared } from '../scripts/build.js'
import { temporaryFolder } from './temporary-folder.ts'
import { follow } from './whole-path/photos-process.ts'

// There may be no Docker here: what can be known of an image without building it.

const project = join(import.meta.dirname, '..')

interface Instruction {
  readonly name: string
  readonly words: readonly string[]
  readonly text: string
}

interface Stage {
  readonly from: string
  readonly name: string | undefined
  readonly instructions: readonly Instruction[]
}

async function readStages(): Promise<readonly Stage[]> {
  const lines = (await readFile(join(project, 'Dockerfile'), 'utf8')).split('\n')
  const stages: { from: string; name: string | undefined; instructions: Instruction[] }[] = []
  for (const line of lines) {
    const [, name, text = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? []
    if (name === undefined) continue
    const words = text.split(' ')
    if (name === 'FROM') {
      const [from = '', , stageName] = words.filter((word) => !word.startsWith('--'))
      stages.push({ from, name: stageName, instructions: [] })
    } else stages.at(-1)?.instructions.push({ name, words, text })
  }
  return stages
}

const of = (stage: Stage | undefined, name: string) =>
  (stage?.instructions ?? []).filter((instruction) => instruction.name === name)

/** What is copied out of the clone. */
function copied(stage: Stage): readonly string[] {
  return of(stage, 'COPY').flatMap(({ words }) => (words[0]?.startsWith('--from=') ? [] : words.slice(0, -1)))
}

describe('the Dockerfile', () => {
  test('copies only what is in the clone, and is not kept from Docker', async () => {
    const sources = (await readStages()).flatMap(copied)
    const offered = (await readFile(join(project, '.dockerignore'), 'utf8')).split('\n').filter((line) => line.startsWith('!'))
    expect(sources.filter((source) => !existsSync(join(project, source)))).toEqual([])
    expect([...new Set(sources)].toSorted()).toEqual(offered.map((line) => line.slice(1)).toSorted())
  })

  test('takes from stages that are there', async () => {
    const stages = await readStages()
    const taken = stages
      .flatMap((stage) => of(stage, 'COPY'))
      .flatMap(({ words }) => /^--from=(.+)$/.exec(words[0] ?? '')?.[1] ?? [])
    expect(taken).toEqual(['packages', 'bundle'])
    expect(stages.map(({ name }) => name)).toEqual(['bundle', 'packages', undefined])
  })

  test('has a Node that this project supports, the same in each stage', async () => {
    expect(new Set((await readStages()).map(({ from }) => from))).toEqual(new Set(['node:24-slim']))
    expect(packageJson.engines.node).toBe('>=20.19.0')
  })

  test('runs as somebody else than root, who can write the state and nothing else', async () => {
    const last = (await readStages()).at(-1)
    expect(of(last, 'USER').map(({ text }) => text)).toEqual(['node'])
    expect(of(last, 'VOLUME').map(({ text }) => text)).toEqual(['/state'])
    expect(of(last, 'RUN').at(-1)?.text).toContain('chown node:node /state')
    const variables = of(last, 'ENV').flatMap(({ words }) => words)
    for (const name of ['HOME', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'XDG_DATA_HOME']) {
      expect(variables).toContainEqual(expect.stringMatching(new RegExp(`^${name}=/state`)))
    }
  })

  test('starts a command that is executable', async () => {
    const last = (await readStages()).at(-1)
    expect(of(last, 'ENTRYPOINT').map(({ text }) => text)).toEqual(['["photos"]'])
    expect(of(last, 'RUN').map(({ text }) => text)).toContainEqual(
      expect.stringContaining('ln -s /photos/bin/photos.js /usr/local/bin/photos'),
    )
    expect((await stat(join(project, 'bin', 'photos.js'))).mode & 0o111).toBe(0o111)
  })

  test('needs no package at run time that is only installed for development', () => {
    expect(shared.external.filter((name) => !(name in packageJson.dependencies))).toEqual([])
  })
})

test('what the image holds backs up, and remembers only below its volume', async () => {
  const folder = await temporaryFolder()
  const [image, state, photos] = [join(folder, 'photos'), join(folder, 'state'), join(folder, 'volume1')]
  await Promise.all([image, state, photos].map((path) => mkdir(path)))
  // The built command lies beside its bundle, as in the image.
  const built = join(inject('photosProgram'), '..', '..')
  await Promise.all(['bin', 'dist'].map((part) => cp(join(built, part), join(image, part), { recursive: true })))
  await cp(join(project, 'package.json'), join(image, 'package.json'))
  await symlink(join(project, 'node_modules'), join(image, 'node_modules'))
  await cp(join(project, 'LICENSE'), join(photos, 'clip.mp4'))
  const variables = of((await readStages()).at(-1), 'ENV').flatMap(({ words }) => words.map((word) => word.split('=')))
  const environment = Object.fromEntries(variables.map(([name, value = '']) => [name, value.replace(/^\/state/, state)]))
  const running = follow(
    spawn(process.execPath, [join(image, 'bin', 'photos.js'), 'sync', photos], {
      env: { ...environment, PATH: process.env['PATH'] },
    }),
  )
  expect(await running.finished).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^uploaded 1 /) })
  expect(existsSync(join(state, 'data', 'photos', 'library', 'originals'))).toBe(true)
  expect(existsSync(join(state, 'state', 'photos'))).toBe(true)
})
