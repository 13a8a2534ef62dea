import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import type { Credentials } from '../../../embedded/s3/credentials.ts'
import { describeS3Promises } from '../../suites/s3/describe-s3-promises.ts'
import type { S3UnderTest } from '../../suites/s3/probe.ts'
import { accessKeyId, region, secretAccessKey, serveS3 } from './serve-s3.ts'

/** Another S3 to hold the suite against; docs/s3-differences.md says which checks are known to fail where. */
const elsewhere = z
  .object({
    PHOTOS_TEST_S3_ENDPOINT: z.url(),
    PHOTOS_TEST_S3_ACCESS_KEY_ID: z.string(),
    PHOTOS_TEST_S3_SECRET_ACCESS_KEY: z.string(),
    PHOTOS_TEST_S3_REGION: z.string().default('us-east-1'),
    PHOTOS_TEST_S3_BUCKET: z.string().default('photos-storage'),
  })
  .optional()
  .parse(process.env['PHOTOS_TEST_S3_ENDPOINT'] ? process.env : undefined)

const limitedPrefix = 'promises/limited/'
const limited = { accessKeyId: 'ASIALIMITED', secretAccessKey: 'limited-secret', sessionToken: 'limited+session/token=' }

function findCredentials(id: string): Credentials | undefined {
  if (id === accessKeyId) return { secretAccessKey }
  if (id !== limited.accessKeyId) return undefined
  const { secretAccessKey: secret, sessionToken } = limited
  const grant = { bucket: 'photos-storage', prefix: limitedPrefix, actions: ['read', 'write', 'delete', 'list'] as const }
  return { secretAccessKey: secret, sessionToken, grants: [grant] }
}

async function connectEmbedded(): Promise<S3UnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'photos-s3-'))
  let thawMs = Date.now()
  const served = await serveS3(folder, { findCredentials, thawClock: () => new Date(thawMs) })
  return {
    endpoint: served.endpoint,
    region,
    bucket: 'photos-storage',
    credentials: { accessKeyId, secretAccessKey },
    limited: { credentials: limited, prefix: limitedPrefix },
    advance: (byMs) => {
      thawMs += byMs
      return thawMs
    },
    close: async () => {
      await served.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

if (elsewhere === undefined) {
  describeS3Promises(connectEmbedded, { limited: true, thaws: true })
} else {
  const connectElsewhere = async (): Promise<S3UnderTest> => ({
    endpoint: elsewhere.PHOTOS_TEST_S3_ENDPOINT,
    region: elsewhere.PHOTOS_TEST_S3_REGION,
    bucket: elsewhere.PHOTOS_TEST_S3_BUCKET,
    credentials: {
      accessKeyId: elsewhere.PHOTOS_TEST_S3_ACCESS_KEY_ID,
      secretAccessKey: elsewhere.PHOTOS_TEST_S3_SECRET_ACCESS_KEY,
    },
    close: async () => undefined,
  })
  describeS3Promises(connectElsewhere, { limited: false, thaws: false })
}
