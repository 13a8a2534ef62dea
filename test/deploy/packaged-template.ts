import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod'
import { fetchSharpBinary } from '../../deploy/sharp-binary.js'
import { isRunning } from '../is-running.ts'

const root = join(import.meta.dirname, '..', '..')
const cacheFolder = join(root, 'node_modules', '.cache', 'photos', 'packaged')

/**
 * The variable that has serverless keep there what it makes of the schema of its own file: 4 seconds of the processor for each run
 * with a home of its own otherwise.
 */
export const schemaCache = { SLS_SCHEMA_CACHE_BASE_DIR: join(root, 'node_modules', '.cache', 'photos') }

/** What a package is made from; of the same sources there is one, also for the next run of the tests. */
const sources = ['serverless.yml', 'package-lock.json', 'scripts/build.js', 'deploy', 'lambda', 'contract']

/** Nobody packages for so long: whoever held the lock was killed, and another process has its number. */
const staleLockMs = 5 * 60_000

const listSchema = z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([])

const templateSchema = z.object({
  Conditions: z.record(z.string(), z.json()),
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Properties: z.record(z.string(), z.json()).default({}),
      Condition: z.string().optional(),
      DependsOn: listSchema,
      DeletionPolicy: z.string().optional(),
      UpdateReplacePolicy: z.string().optional(),
    }),
  ),
  Outputs: z.record(z.string(), z.object({ Value: z.json(), Condition: z.string().optional() })),
})
export type PackagedTemplate = z.infer<typeof templateSchema>

const oldMs = 60 * 60_000

export interface Packaged {
  /** Where `NAME.zip` of every function lies. */
  readonly folder: string
  /** What `serverless package` printed, on both channels. */
  readonly output: string
}

/** Of deploy/parameters.cjs. */
export type ChosenParameters = Readonly<Record<string, string>>

/** The CloudFormation template that `serverless package` produced for the stage `prod`; what is not chosen is at its default. */
export async function packagedTemplate(chosen: ChosenParameters = {}): Promise<PackagedTemplate> {
  const { folder } = await packaged(chosen)
  const text = await readFile(join(folder, 'cloudformation-template-update-stack.json'), 'utf8')
  return templateSchema.parse(JSON.parse(text))
}

/** Packages once, whoever asks first, without credentials; every other test takes what is there. */
export async function packaged(chosen: ChosenParameters = {}): Promise<Packaged> {
  const folder = join(cacheFolder, await hashOfSources(chosen))
  await mkdir(cacheFolder, { recursive: true })
  while (!(await isThere(folder))) {
    await using lock = await tryLock(`${folder}.lock`)
    if (!lock.isOurs) await delay(100)
    else if (!(await isThere(folder))) await packageInto(folder, chosen)
  }
  const now = new Date()
  await utimes(folder, now, now) // what is used is not old
  return { folder, output: await readFile(join(folder, 'output.txt'), 'utf8') }
}

async function packageInto(folder: string, chosen: ChosenParameters): Promise<void> {
  // The one thing that may need a network, and what this machine needs to get there.
  await fetchSharpBinary()
  // A service of its own, so that nothing else that packages in this project is in its way.
  const service = await mkdtemp(join(cacheFolder, 'service-'))
  try {
    await cp(join(root, 'serverless.yml'), join(service, 'serverless.yml'))
    await symlink(join(root, 'deploy'), join(service, 'deploy'))
    const output = await serverlessPackage(service, chosen)
    await writeFile(join(service, '.serverless', 'output.txt'), output)
    await rename(join(service, '.serverless'), folder).catch(async (error: unknown) => {
      // On a slow machine somebody has taken this one for killed, and was faster.
      if (!(await isThere(folder))) throw error
    })
    await removeOld()
  } finally {
    await rm(service, { recursive: true, force: true })
  }
}

/** Ten megabytes each: what was made of other sources, and what killed runs left; but nothing that a run of now may be reading. */
async function removeOld(): Promise<void> {
  for (const name of await readdir(cacheFolder)) {
    const found = await stat(join(cacheFolder, name)).catch(() => undefined)
    if (found === undefined || Date.now() - found.mtimeMs < oldMs) continue
    await rm(join(cacheFolder, name), { recursive: true, force: true })
  }
}

async function serverlessPackage(service: string, chosen: ChosenParameters): Promise<string> {
  const program = createRequire(import.meta.url).resolve('serverless/bin/serverless.js')
  const parameters = Object.entries(chosen).map(([name, value]) => `--param=${name}=${value}`)
  const child = spawn(process.execPath, [program, 'package', ...parameters], {
    cwd: service,
    // Neither credentials nor a profile, and nobody who would hand some out.
    env: { PATH: process.env['PATH'], HOME: service, AWS_EC2_METADATA_DISABLED: 'true', NO_COLOR: '1', ...schemaCache },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const channel of [child.stdout, child.stderr]) channel.setEncoding('utf8').on('data', (text: string) => (output += text))
  const exitCode = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  if (exitCode !== 0) throw new Error(`serverless package failed:\n${output}`)
  return output
}

async function hashOfSources(chosen: ChosenParameters): Promise<string> {
  const hash = createHash('sha256').update(process.version).update(JSON.stringify(chosen))
  for (const source of sources) {
    for (const path of await filesOf(join(root, source))) {
      hash.update(`\0${path.slice(root.length)}\0`).update(await readFile(path))
    }
  }
  return hash.digest('hex').slice(0, 32)
}

async function filesOf(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

const existsSchema = z.object({ code: z.literal('EEXIST') })

/** A file that only one process can make, with its number in it. */
async function tryLock(path: string): Promise<AsyncDisposable & { readonly isOurs: boolean }> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' })
    return { isOurs: true, [Symbol.asyncDispose]: () => rm(path, { force: true }) }
  } catch (error) {
    existsSchema.parse(error)
    if (await isAbandoned(path)) await rm(path, { force: true })
    return { isOurs: false, [Symbol.asyncDispose]: async () => {} }
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const lock = await stat(path).catch(() => undefined)
  if (lock === undefined) return false
  const holder = Number(await readFile(path, 'utf8').catch(() => ''))
  if (Date.now() - lock.mtimeMs > staleLockMs) return true
  return holder !== 0 && !isRunning(holder) // whoever has written nothing yet is at it
}
