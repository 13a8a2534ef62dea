import { lstatSync, readdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { openQuarantine } from '../../../cli/free-up/quarantine.ts'
import { fingerprintOf } from '../../../cli/state/file-record.ts'
import { hashBytes } from '../../../cli/sync/hash.ts'

/** Moves all files of a folder into a quarantine, as if each had been verified. @param linkFailure the code with which hard links fail, if they are to */
export async function moveAll(folder: string, aside: string, linkFailure?: string): Promise<void> {
  const { signal } = new AbortController()
  const hardLink = () => {
    throw Object.assign(new Error(linkFailure), { code: linkFailure, syscall: 'link' })
  }
  await using quarantine = await openQuarantine(aside, {
    remoteId: 'test',
    now: () => new Date(),
    signal,
    ...(linkFailure !== undefined && { hardLink }),
  })
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const fingerprint = fingerprintOf(lstatSync(path))
    const handle = await open(path)
    const contentHash = await hashBytes(handle, { buffer: Buffer.alloc(65_536), signal })
    const { sizeBytes } = fingerprint
    const verifiedAt = '2026-11-23T12:00:00Z'
    await quarantine.take({ path, location: `camera/${name}`, handle, fingerprint, contentHash, sizeBytes, verifiedAt })
    await handle.close()
  }
}
