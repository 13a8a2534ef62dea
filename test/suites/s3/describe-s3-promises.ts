import { afterAll, beforeAll, describe } from 'vitest'
import { describeAccess } from './access.ts'
import { describeArchive } from './archive.ts'
import { describeChecksums } from './checksums.ts'
import { describeChunkedBodies } from './chunked-bodies.ts'
import { describeConditions } from './conditions.ts'
import { describeDeletes } from './deletes.ts'
import { describeKeys } from './keys.ts'
import { describeListing } from './listing.ts'
import { describeMultipart } from './multipart.ts'
import { Probe, type S3UnderTest } from './probe.ts'
import { describeReads } from './reads.ts'
import { describeRefusals } from './refusals.ts'
import { describeSignatures } from './signatures.ts'
import { describeWrites } from './writes.ts'

/** Gives a check the S3 that it is about; only to be called while a check runs. */
export type GetProbe = () => Probe

/**
 * What this product relies on in any S3. `connect` is called once; `limited` says whether it gives credentials for a
 * prefix too, and `thaws` whether its clock can be moved; without these the checks of them are reported as skipped.
 */
export function describeS3Promises(
  connect: () => Promise<S3UnderTest>,
  options: { readonly limited: boolean; readonly thaws: boolean },
): void {
  describe('S3 promises', () => {
    let probe: Probe | undefined
    beforeAll(async () => {
      probe = new Probe(await connect())
    })
    afterAll(async () => {
      probe?.client.destroy()
      await probe?.target.close()
    })
    const getProbe: GetProbe = () => {
      if (probe === undefined) throw new Error('no S3 is connected')
      return probe
    }
    describeWrites(getProbe)
    describeReads(getProbe)
    describeChecksums(getProbe)
    describeChunkedBodies(getProbe)
    describeConditions(getProbe)
    describeSignatures(getProbe)
    describeListing(getProbe)
    describeKeys(getProbe)
    describeDeletes(getProbe)
    describeMultipart(getProbe)
    describeRefusals(getProbe)
    describeArchive(getProbe, options)
    describe.skipIf(!options.limited)('credentials for a prefix', () => describeAccess(getProbe))
  })
}
