import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isRunning } from './is-running.ts'

/** A container has numbers of its own for its processes, and one of them may be a run of now. */
const oldMs = 60 * 60_000

/** Makes a folder whose name says which process it belongs to, and removes those that killed runs have left there. */
export async function makeBuildFolder(parent: string): Promise<string> {
  await removeAbandoned(parent)
  return await mkdtemp(join(parent, `.photos-test-${process.pid}-`))
}

async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const processId = /^\.photos-test-(\d+)-/.exec(name)?.[1]
    if (processId === undefined || isRunning(Number(processId))) continue
    const folder = join(parent, name)
    const found = await stat(folder).catch(() => undefined) // another run may be at it, too
    if (found === undefined || Date.now() - found.mtimeMs < oldMs) continue
    await rm(folder, { recursive: true, force: true })
  }
}
