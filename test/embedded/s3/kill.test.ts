import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { Probe } from '../../suites/s3/probe.ts'
import { accessKeyId, region, secretAccessKey, serveS3, withTemporaryFolder } from './serve-s3.ts'

const bucket = 'photos-storage'
const credentials = { accessKeyId, secretAccessKey }
const startedSchema = z.object({ endpoint: z.url() })

/** Bytes that tell their own round, so that half of one and half of another are seen. */
const bodyOf = (round: number) => Buffer.alloc(700_000 + round, round)
const key = (index: number) => `originals/owner/${index}.jpg`

test('kill -9 at any moment: afterwards each object is whole, as it was or as it was meant to be', async () => {
  await withTemporaryFolder(async (folder) => {
    const program = await bundle(folder)
    const library = join(folder, 'library')
    const confirmed = new Map<string, number>()
    for (let round = 1; round <= 10; round += 1) {
      const child = fork(program, [library], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
      const { endpoint } = startedSchema.parse((await once(child, 'message'))[0])
      const probe = new Probe({ endpoint, region, bucket, credentials, close: async () => undefined })
      await putUntilKilled(probe, child, round, confirmed)
      probe.client.destroy()
    }
    await requireWhole(library, confirmed)
  })
}, 120_000)

/** Overwrites the same keys for ever; the process is killed after as many answers as the number of the round. */
async function putUntilKilled(probe: Probe, child: ChildProcess, round: number, confirmed: Map<string, number>): Promise<void> {
  const exited = once(child, 'exit')
  let answers = 0
  const writers = [0, 1, 2].map(async (writer) => {
    for (let index = writer; child.exitCode === null && child.signalCode === null; index = (index + 3) % 9) {
      const put = await probe.put(key(index), bodyOf(round)).catch(() => undefined)
      if (put === undefined) return
      confirmed.set(key(index), round)
      answers += 1
      if (answers === round) child.kill('SIGKILL')
    }
  })
  await Promise.all([exited, ...writers])
}

async function requireWhole(library: string, confirmed: ReadonlyMap<string, number>): Promise<void> {
  const served = await serveS3(library)
  const probe = new Probe({ ...served, region, bucket, credentials })
  try {
    const stored: string[] = []
    for (let index = 0; index < 9; index += 1) {
      if (!(await probe.exists(key(index)))) continue
      const bytes = await probe.get(key(index))
      const round = bytes[0] ?? 0
      expect(bytes.equals(bodyOf(round))).toBe(true)
      expect(round).toBeGreaterThanOrEqual(confirmed.get(key(index)) ?? 0)
      stored.push(key(index))
    }
    expect(stored).toEqual(expect.arrayContaining([...confirmed.keys()]))
    expect(await readdir(join(library, 'originals/owner'))).toHaveLength(stored.length)
    expect(await readdir(join(library, '.photos/s3/temporary'))).toEqual([])
  } finally {
    await served.close()
  }
}

/** The server as a program of its own, as it is shipped: bundled, since Node 20 runs no TypeScript. */
async function bundle(folder: string): Promise<string> {
  const outfile = join(folder, 'server.mjs')
  await build({
    entryPoints: [join(import.meta.dirname, 'serve-until-killed.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    plugins: [resolveFromHere],
    banner: {
      js: `import { createRequire } from 'node:module'; const require = createRequire(${JSON.stringify(import.meta.url)});`,
    },
  })
  return outfile
}

/** The bundle lies in a temporary folder, from where the native package would not be found. */
const resolveFromHere = {
  name: 'resolve-from-here',
  setup: (building: import('esbuild').PluginBuild) => {
    building.onResolve({ filter: /^classic-level$/ }, () => ({ path: import.meta.resolve('classic-level'), external: true }))
  },
}
