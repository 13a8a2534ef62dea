import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Credentials } from '../../../embedded/s3/credentials.ts'
import { openS3, type S3Options, type S3Store } from '../../../embedded/s3/open-s3.ts'

export const region = 'us-east-1'
export const accessKeyId = 'AKIAEMBEDDEDTEST'
export const secretAccessKey = 'embedded-secret'

export interface ServedS3 {
  readonly store: S3Store
  readonly endpoint: string
  close(): Promise<void>
}

/** The embedded S3 on a folder behind a loopback HTTP server, with one bucket `photos-storage` unless told otherwise. */
export async function serveS3(folder: string, options: Partial<S3Options> = {}): Promise<ServedS3> {
  const store = await openS3({
    metadataFolder: join(folder, '.photos', 's3'),
    region,
    buckets: { 'photos-storage': folder },
    findCredentials: (id): Credentials | undefined => (id === accessKeyId ? { secretAccessKey } : undefined),
    onObjectCreated: () => undefined,
    ...options,
  })
  const server = createServer({ requestTimeout: 0 })
  server.on('request', store.handle)
  server.on('checkContinue', store.handle)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    store,
    endpoint: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.close()
      server.closeAllConnections()
      await store.close()
    },
  }
}

/** A folder of its own, removed when `use` has ended. */
export async function withTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'photos-s3-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
