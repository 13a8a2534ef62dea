import * as z from 'zod'
import type { ContentHash } from '../../contract/content-hash.ts'
import {
  type BeginProbeRequest,
  beginProbeResponseSchema,
  type ProbeState,
  type ProbesResponse,
  probeStateSchema,
  probesResponseSchema,
} from '../../contract/probes.ts'
import type { SignedRequest } from '../../contract/transfers.ts'
import { type ApiClientOptions, createApiClient } from '../remote/api-client.ts'
import { remoteIsOlder } from '../remote/remote-errors.ts'

/** What the API does for a doctor. Throws what a `Remote` does; also where the remote is of a release without probes. */
export interface ProbeCalls {
  begin(probe: BeginProbeRequest, signal: AbortSignal): Promise<SignedRequest>
  /** Those that nobody has removed. */
  list(signal: AbortSignal): Promise<ProbesResponse['probes']>
  find(contentHash: ContentHash, signal: AbortSignal): Promise<ProbeState>
  remove(contentHash: ContentHash, signal: AbortSignal): Promise<void>
}

/** A doctor would rather say soon that something is wrong than get over it. */
const maximumAttempts = 4
/** To be told from what is not there. */
const noContent = z.undefined().transform(() => true)

export function createProbeCalls(options: Omit<ApiClientOptions, 'maximumAttempts'>): ProbeCalls {
  const client = createApiClient({ ...options, maximumAttempts })
  return {
    begin: async (body, signal) =>
      known(await client({ path: 'v1/probes', body, answer: beginProbeResponseSchema, signal })).request,
    list: async (signal) => known(await client({ path: 'v1/probes', answer: probesResponseSchema, signal })).probes,
    find: async (contentHash, signal) =>
      known(await client({ path: `v1/probes/${contentHash}`, answer: probeStateSchema, signal })),
    async remove(contentHash, signal) {
      known(await client({ method: 'DELETE', path: `v1/probes/${contentHash}`, answer: noContent, signal }))
    },
  }
}

function known<T>(answer: T | undefined): T {
  if (answer === undefined) throw remoteIsOlder('it knows no probes')
  return answer
}
