import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { unzipSync } from 'fflate'
import { onTestFinished } from 'vitest'
import * as z from 'zod'
import { temporaryFolder } from '../temporary-folder.ts'

const runtime = join(import.meta.dirname, 'lambda-runtime.mjs')
const ownBinaries = join(import.meta.dirname, '..', '..', 'node_modules', '@img')

const answerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('answered'), result: z.unknown() }),
  z.object({ kind: z.literal('failed'), name: z.string(), message: z.string() }),
])
export type FunctionAnswer = z.infer<typeof answerSchema>

export interface DeployedFunction {
  /** One event at a time, as Lambda does it. */
  invoke(event: unknown): Promise<FunctionAnswer>
  /** What it has written to stderr, where nothing belongs: its log goes to stdout. */
  complaints(): string
}

export interface DeployedFunctionOptions {
  /** Path of the zip. */
  readonly artifact: string
  /** As in the template: `lambda/api.handler`. */
  readonly handler: string
  /** The Node that runs it. */
  readonly node: string
  /** All that it finds in its environment. */
  readonly variables: Readonly<Record<string, string>>
}

/** Unzips a function into an empty folder and starts it there. Ended when the test has finished. */
export async function startDeployed({ artifact, handler, node, variables }: DeployedFunctionOptions): Promise<DeployedFunction> {
  const folder = await temporaryFolder()
  await unzip(artifact, folder)
  const started = spawn(node, [runtime, folder, handler], {
    cwd: folder,
    env: { ...variables, LAMBDA_TASK_ROOT: folder, AWS_LAMBDA_FUNCTION_NAME: handler },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  onTestFinished(() => end(started))
  let complaints = ''
  started.stderr?.on('data', (chunk) => {
    complaints += chunk
  })
  const waiting: { settle?: (message: unknown) => void } = {}
  const next = () => new Promise<unknown>((resolve) => (waiting.settle = resolve))
  started.on('message', (message) => waiting.settle?.(message))
  started.on('close', () => waiting.settle?.({ kind: 'failed', name: 'Exit', message: complaints }))
  const begun = await next()
  if (!z.object({ kind: z.literal('ready') }).safeParse(begun).success) throw new Error(`the function ended: ${complaints}`)
  return {
    async invoke(event) {
      const answer = next()
      started.send(z.looseObject({}).parse(event))
      return answerSchema.parse(await answer)
    },
    complaints: () => complaints,
  }
}

async function end(started: ChildProcess): Promise<void> {
  if (started.exitCode !== null || started.signalCode !== null) return
  const exited = once(started, 'exit')
  started.kill()
  await exited
}

/** A zip with native code gets that of this machine's platform put beside its own, where it would not find any. */
async function unzip(artifact: string, folder: string): Promise<void> {
  const files = unzipSync(await readFile(artifact))
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), bytes)
  }
  if (!Object.keys(files).some((path) => path.startsWith('node_modules/@img/'))) return
  for (const name of (await readdir(ownBinaries)).filter((each) => each.startsWith('sharp-'))) {
    await cp(join(ownBinaries, name), join(folder, 'node_modules', '@img', name), { recursive: true })
  }
}
