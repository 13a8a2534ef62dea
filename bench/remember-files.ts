import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { openLocalState } from '../cli/state/local-state.ts'
import { openFolderMemory } from '../cli/sync/folder-memory.ts'
import { locationPathOf, scan } from '../cli/sync/scan.ts'
import { findSources } from '../cli/sync/sources.ts'
import { contentHashOf } from '../contract/content-hash.ts'
import { ownerSchema } from '../contract/owner.ts'

// What a first sync would leave on this machine for a folder, without the hours that a million uploads take: every file is
// remembered as confirmed, by the product's own scan and in its own format.
const [folder = '', library = '', stateFolder = ''] = process.argv.slice(2)
const identity = z
  .object({ remoteId: z.string(), owner: ownerSchema })
  .parse(JSON.parse(await readFile(join(library, '.photos', 'library.json'), 'utf8')))
const state = await openLocalState(stateFolder, { ...identity, origin: undefined })
const contentHash = contentHashOf(createHash('sha256').digest())
const sources = findSources([folder])
const memory = openFolderMemory({ state, sources, isWhole: true, usesDigests: true })
for await (const batch of scan(sources, { now: Date.now })) {
  await memory.recall(batch)
  memory.expect(batch.folder, batch.files)
  const remembered = batch.files.map((file) => ({
    folder: file.folder.path,
    name: file.name,
    record: { fingerprint: file.fingerprint, contentHash, confirmedLocationBytes: locationPathOf(file).length },
  }))
  await state.remember(remembered, { durable: false })
  await memory.confirmed(batch.files)
}
await memory.end()
await state.close()
