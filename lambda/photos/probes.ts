import type { ContentHash } from '../../contract/content-hash.ts'
import { probeUploadKey } from '../../contract/object-keys.ts'
import type { Owner } from '../../contract/owner.ts'
import type { BeginProbeRequest, ProbeState } from '../../contract/probes.ts'
import type { SignedRequest } from '../../contract/transfers.ts'
import type { Backend } from '../backend.ts'

/** So many probes of one owner can be there at once: more doctors than anybody sets to work, and too few to fill a bucket with. */
export const maximumProbes = 20

/**
 * Signs the upload of a probe. It is written down first, so that a later doctor finds what a killed one has left. Where there are
 * {@link maximumProbes} already, the oldest ones are removed.
 */
export async function beginProbe(
  owner: Owner,
  { device, ...probe }: BeginProbeRequest,
  backend: Backend,
): Promise<SignedRequest> {
  const others = (await backend.probes.list(owner)).filter(({ contentHash }) => contentHash !== probe.contentHash)
  const tooMany = others.slice(0, Math.max(0, others.length + 1 - maximumProbes))
  for (const { contentHash } of tooMany.slice(0, mostRemovedAtOnce)) await removeProbe(owner, contentHash, backend)
  await backend.probes.begin(owner, probe.contentHash, device)
  return await backend.signer.put(backend.uploads.name, probeUploadKey(owner, probe.contentHash), probe)
}

/** Of what an earlier release let pile up, which every call makes less: a function has only so much time. */
const mostRemovedAtOnce = 10

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

/**
 * Takes away all of a probe, whatever became of it, its records last. It may be processed meanwhile: what that stores before the mark
 * is written is removed here, what it stores later it removes itself, by {@link discardIfRemoved}.
 */
export async function removeProbe(owner: Owner, contentHash: ContentHash, backend: Backend): Promise<void> {
  await backend.probes.markRemoved(owner, contentHash)
  await backend.uploads.remove(probeUploadKey(owner, contentHash))
  await backend.storage.removeProbe(owner, contentHash)
  await backend.probes.remove(owner, contentHash)
}

/** For the processing, which asks before it stores anything of a probe and after it has stored the last of it. Tells whether it was removed. */
export async function discardIfRemoved(owner: Owner, contentHash: ContentHash, backend: Backend): Promise<boolean> {
  const isRemoved = await backend.probes.isRemoved(owner, contentHash)
  if (isRemoved) await backend.storage.removeProbe(owner, contentHash)
  return isRemoved
}
