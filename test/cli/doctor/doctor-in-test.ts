import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { Context } from '../../../cli/context.ts'
import { run } from '../../../cli/program.ts'
import { probesResponseSchema } from '../../../contract/probes.ts'
import { remoteConfigurationSchema } from '../../../contract/remote-configuration.ts'
import { answerChallenge } from '../../../embedded/library-proof.ts'
import type { EmbeddedBackend, EmbeddedOptions } from '../../../embedded/serve.ts'
import { announceServing } from '../../../embedded/serving.ts'
import { serveInTest } from '../../embedded/serve-in-test.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { listen } from '../remote/scripted-server.ts'
import { RecordedStream } from '../terminal/recorded-stream.ts'

const checkSchema = z.strictObject({
  message_type: z.literal('check'),
  check: z.string(),
  result: z.enum(['ok', 'fault', 'not_checked']),
  message: z.string(),
  hint: z.string().nullable(),
  exit_code: z.int().nullable(),
  duration_seconds: z.number().nonnegative(),
})
const summarySchema = z.strictObject({
  message_type: z.literal('summary'),
  ok: z.int(),
  faults: z.int(),
  not_checked: z.int(),
  duration_seconds: z.number().nonnegative(),
  exit_code: z.int(),
})

export interface Diagnosis {
  readonly exitCode: number
  /** `ok`, `not checked: …`, or the fault, by check. */
  readonly results: Readonly<Record<string, string>>
  /** By check, where there is a fault. */
  readonly hints: Readonly<Record<string, string>>
  readonly messages: Readonly<Record<string, string>>
  readonly summary: z.infer<typeof summarySchema>
}

/** What `photos doctor --json` writes; throws where it writes anything else. */
export function diagnosisOf({ exitCode, stdout }: { readonly exitCode: number | null; readonly stdout: string }): Diagnosis {
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  const summary = summarySchema.parse(lines.pop())
  const checks = lines.map((line) => checkSchema.parse(line))
  return {
    exitCode: z.int().parse(exitCode),
    results: Object.fromEntries(checks.map(({ check, result }) => [check, result])),
    hints: Object.fromEntries(checks.flatMap(({ check, hint }) => (hint === null ? [] : [[check, hint]]))),
    messages: Object.fromEntries(checks.map(({ check, message }) => [check, message])),
    summary,
  }
}

/** `photos doctor`, typed in this process. */
export async function doctor(commandLine: readonly string[], changes: Partial<Context> = {}): Promise<Diagnosis> {
  return diagnosisOf(await typed(['doctor', '--json', ...commandLine], changes))
}

export async function typed(commandLine: readonly string[], changes: Partial<Context> = {}) {
  const [stdout, stderr] = [new RecordedStream(), new RecordedStream()]
  const exitCode = await run(commandLine, {
    stdin: process.stdin,
    stdout,
    stderr,
    environment: { HOME: await temporaryFolder() },
    now: () => new Date(),
    signal: new AbortController().signal,
    ...changes,
  })
  return { exitCode, stdout: stdout.text, stderr: stderr.text }
}

export interface ServedLibrary {
  readonly folder: string
  readonly backend: EmbeddedBackend
}

export async function servedLibrary(options: Partial<EmbeddedOptions> = {}): Promise<ServedLibrary> {
  const folder = await temporaryFolder()
  return { folder, backend: await serveInTest(folder, options) }
}

/** The library describes itself otherwise than it is, as a deployment that was set up wrong does; `$URL` stands for the wire. */
export async function misdescribed(
  { folder, backend }: ServedLibrary,
  changes: Readonly<Record<string, unknown>>,
): Promise<void> {
  const description = await fetch(`${backend.url}/.well-known/photos.json`)
  const document = { ...remoteConfigurationSchema.parse(await description.json()), ...changes }
  const url: string = await listen((request, response) => {
    if (answerChallenge(backend.identity, url, request, response)) return
    const isDescription = request.url === '/.well-known/photos.json'
    const body = isDescription ? JSON.stringify(document).replaceAll('$URL', url) : '{"message":"Not Found"}'
    response.writeHead(isDescription ? 200 : 404, { 'content-type': 'application/json' }).end(body)
    request.resume()
  })
  await announceServing(folder, url)
}

/** Everything that a doctor may have left in a library, wherever it would be. */
export async function leftIn({ folder, backend }: ServedLibrary): Promise<readonly string[]> {
  const headers = { authorization: `Bearer ${await backend.accessToken()}` }
  const listed = await (await fetch(`${backend.url}/v1/probes`, { headers })).json()
  const records = probesResponseSchema.parse(listed).probes.map(({ contentHash }) => `record of ${contentHash}`)
  const files = await Promise.all(
    ['probes', 'originals', 'renditions', '.photos/uploads'].map((name) => filesIn(join(folder, name))),
  )
  return [...records, ...files.flat(), ...backend.queue.pending(), ...(await backend.queue.deadLetters())]
}

async function filesIn(folder: string): Promise<readonly string[]> {
  if (!existsSync(folder)) return []
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

export const everythingOk = {
  configuration: 'ok',
  'sign-in': 'ok',
  clock: 'ok',
  credentials: 'ok',
  upload: 'ok',
  confirmation: 'ok',
  pull: 'ok',
  removal: 'ok',
}
