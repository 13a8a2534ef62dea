import type { ContentHash } from '../../contract/content-hash.ts'
import { probeUploadKey } from '../../contract/object-keys.ts'
import type { Owner } from '../../contract/owner.ts'
import type { BeginProbeRequest, ProbeState } from '../../contract/probes.ts'
import type { SignedRequest } from '../../contract/transfers.ts'
import type { Backend } from '../backend.ts'

/** Signs the upload of a probe. It is written down first, so that the next doctor finds what a killed one has left. */
export async function beginProbe(
  owner: Owner,
  { device, ...probe }: BeginProbeRequest,
  backend: Backend,
): Promise<SignedRequest> {
  await backend.probes.begin(owner, probe.contentHash, device)
  return await backend.signer.put(backend.uploads.name, probeUploadKey(owner, probe.contentHash), probe)
}

/** How far a probe has come. */
export async function findProbe(owner: Owner, contentHash: ContentHash, backend: Backend): Promise<ProbeState> {
  const before = await backend.probes.findOutcome(owner, contentHash)
  const isWaiting = !before && (await backend.uploads.findArrival(probeUploadKey(owner, contentHash))) !== undefined
  if (isWaiting) return { kind: 'processing' }
  // Its outcome is written before its upload is removed: one that is neither here nor there may be done by now.
  const outcome = before ?? (await backend.probes.findOutcome(owner, contentHash))
  if (outcome?.kind === 'stored' && !(await backend.storage.has(outcome.key, outcome.sizeBytes))) return { kind: 'missing' }
  return outcome ?? { kind: 'missing' }
}

/** Takes away all of a probe, whatever became of it: its upload first, so that nothing new comes of it, its records last. */
export async function removeProbe(owner: Owner, contentHash: ContentHash, backend: Backend): Promise<void> {
  await backend.uploads.remove(probeUploadKey(owner, contentHash))
  await backend.storage.removeProbe(owner, contentHash)
  await backend.probes.remove(owner, contentHash)
}
