import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { expect, onTestFinished, test } from 'vitest'
import { contentHashOf } from '../../contract/content-hash.ts'
import { probeKey, probeRenditionKey, probeUploadKey, renditionNameSchema } from '../../contract/object-keys.ts'
import { ownerSchema } from '../../contract/owner.ts'
import { type Backend, connectBackend } from '../../lambda/backend.ts'
import { beginProbe, findProbe, removeProbe } from '../../lambda/photos/probes.ts'
import { processOriginal } from '../../lambda/photos/process-original.ts'
import { openMetadataReader } from '../../lambda/photos/read-metadata.ts'
import { openServicesInTest } from './services-in-test.ts'

const owner = ownerSchema.parse('anna')
/** Every step of the processing at which something is read or written. */
const steps = ['isRemoved', 'open', 'putProbe', 'putRendition', 'putOutcome', 'remove'] as const
type Step = (typeof steps)[number]

async function uploadedProbe() {
  const bytes = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#123456' } })
    .png()
    .toBuffer()
  const contentHash = contentHashOf(createHash('sha256').update(bytes).digest())
  const { variables, credentials } = await openServicesInTest()
  const backend = connectBackend(variables, { credentials, log: () => {} })
  const probe = { contentHash, contentType: 'image/png', sizeBytes: bytes.length, device: 'nas' }
  const { url, method, headers } = await beginProbe(owner, probe, backend)
  expect((await fetch(url, { method, headers, body: new Uint8Array(bytes) })).status).toBe(200)
  return { contentHash, backend }
}

/** A backend that does something else first, once, when it comes to a step. */
function interrupted(backend: Backend, at: Step, work: () => Promise<void>): Backend {
  let done: Promise<void> | undefined
  const when = async (step: Step): Promise<void> => {
    if (step !== at) return
    done ??= work()
    await done
  }
  const { uploads, storage, probes } = backend
  return {
    ...backend,
    uploads: {
      ...uploads,
      open: async (key) => when('open').then(() => uploads.open(key)),
      remove: async (key) => when('remove').then(() => uploads.remove(key)),
    },
    storage: {
      ...storage,
      putProbe: async (...given) => when('putProbe').then(() => storage.putProbe(...given)),
      putRendition: async (...given) => when('putRendition').then(() => storage.putRendition(...given)),
    },
    probes: {
      ...probes,
      isRemoved: async (...given) => when('isRemoved').then(() => probes.isRemoved(...given)),
      putOutcome: async (...given) => when('putOutcome').then(() => probes.putOutcome(...given)),
    },
  }
}

test.each(steps)('a probe that is removed while it is processed, just before %s, leaves nothing', async (step) => {
  const { contentHash, backend } = await uploadedProbe()
  const reader = openMetadataReader()
  onTestFinished(() => reader.close())
  const processing = interrupted(backend, step, () => removeProbe(owner, contentHash, backend))
  await processOriginal(probeUploadKey(owner, contentHash), 1, processing, reader)

  expect(await backend.probes.list(owner)).toEqual([])
  expect(await findProbe(owner, contentHash, backend)).toEqual({ kind: 'missing' })
  const keys = [probeKey(owner, contentHash, 'image/png')]
  for (const name of renditionNameSchema.options) keys.push(probeRenditionKey(owner, contentHash, name))
  expect(await Promise.all(keys.map((key) => backend.storage.has(key)))).toEqual(keys.map(() => false))
  expect(await backend.uploads.findArrival(probeUploadKey(owner, contentHash))).toBeUndefined()
})

test('a function that ended after it had stored a probe, and begins anew after the removal, takes it away', async () => {
  const { contentHash, backend } = await uploadedProbe()
  const reader = openMetadataReader()
  onTestFinished(() => reader.close())
  const key = probeUploadKey(owner, contentHash)
  const stop = () => Promise.reject(new Error('the process ends'))
  await backend.probes.markRemoved(owner, contentHash)
  const unaware: Backend = { ...backend, probes: { ...backend.probes, isRemoved: async () => false, putOutcome: stop } }
  await expect(processOriginal(key, 1, unaware, reader)).rejects.toThrow('the process ends')
  expect(await backend.storage.has(probeKey(owner, contentHash, 'image/png'))).toBe(true)

  await backend.uploads.remove(key)
  await processOriginal(key, 2, backend, reader)
  expect(await backend.storage.has(probeKey(owner, contentHash, 'image/png'))).toBe(false)
})
