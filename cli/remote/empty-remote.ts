import type { Remote } from './remote.ts'

const nowhere = 'http://127.0.0.1'

/** A remote that holds nothing: what a dry run asks where there is no library yet. Nothing can be put into it. */
export const emptyRemote: Remote = {
  configuration: {
    apiVersion: 1,
    remoteId: 'none',
    region: 'none',
    issuer: nowhere,
    clientId: 'none',
    storageBucket: 'none',
    identityPoolId: 'none',
    endpoints: { api: nowhere, s3: nowhere, signIn: nowhere, userPool: nowhere, identityPool: nowhere },
    loopbackRedirectUris: [nowhere],
    // How much would fit is known only once there is a library.
    maximumOriginalSizeBytes: Number.MAX_SAFE_INTEGER,
  },
  confirm: async (photos) => photos.map(({ contentHash }) => ({ kind: 'missing', contentHash })),
  async *listPhotos() {},
  findPhoto: async () => undefined,
  signDownload: () => refuse,
  signThaw: () => refuse,
  usage: async () => ({ photos: 0, originalBytes: 0, renditionBytes: 0 }),
  trash: async (contentHashes) => contentHashes.map((contentHash) => ({ kind: 'unknown', contentHash })),
  restore: async (contentHashes) => contentHashes.map((contentHash) => ({ kind: 'unknown', contentHash })),
  beginUploads: refuse,
  signParts: refuse,
  completeUpload: refuse,
  beginVerification: refuse,
  findVerifications: refuse,
  abandonUploads: refuse,
}

async function refuse(): Promise<never> {
  throw new Error('a dry run moves nothing')
}
