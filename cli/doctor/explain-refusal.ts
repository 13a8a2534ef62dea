import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import type { UserError } from '../errors.ts'
import { foreignAnswer } from '../remote/s3-answer.ts'
import type { S3Refusal } from '../remote/s3-refusal.ts'
import { remoteFault } from './finding.ts'

/** What was asked of the storage, and in whose name: a presigned upload has the rights of the function that signed it. */
export type Deed = 'upload' | 'pull'

const bucketOf = {
  upload: () => 'the bucket for uploads',
  pull: ({ storageBucket }: RemoteConfiguration) => `the bucket of the originals, ${storageBucket},`,
} as const

const putBack = '`npm run deploy` puts back what is missing of a deployment; a library needs its folder: restart `photos serve`'

const goneHints: Readonly<Record<Deed, string>> = {
  upload: `${putBack}. Nothing that was backed up is lost by it`,
  pull: `do not let it be made anew before you know who deleted or renamed it: it holds what was backed up. Then: ${putBack}`,
}

const deniedMessages: Readonly<Record<Deed, string>> = {
  upload: 'the storage refuses the upload (AccessDenied): the role of the function `api` lacks s3:PutObject on uploads/*',
  pull: 'the storage refuses to give it back (AccessDenied): the role of signed-in users lacks s3:GetObject on its prefix, probes/OWNER/*',
}

const deniedHint =
  "`npm run deploy` puts the rights back as they belong; if that does not help, a policy of the bucket or of the account's organization denies it"

const expectedRegion = /expecting '([a-z0-9-]{1,40})'/

/** What a refusal means, and what is to be done about it. Source: Amazon S3 API Reference, "Error responses". */
export function explainRefusal(refusal: S3Refusal, deed: Deed, configuration: RemoteConfiguration): UserError {
  const { status, code, message } = refusal
  if (refusal.isForeign) return answeredInPlace(status)
  const bucket = bucketOf[deed](configuration)
  const region = refusal.bucketRegion ?? expectedRegion.exec(message)?.[1]
  if (code === 'NoSuchBucket') return remoteFault(`${bucket} is gone (NoSuchBucket)`, goneHints[deed])
  if (region !== undefined || code === 'PermanentRedirect' || status === 301 || status === 307) {
    return wrongRegion(bucket, region, configuration)
  }
  if (code === 'AccessDenied' && /not yet valid|expired/i.test(message)) return clocksDiffer(message)
  if (code === 'AccessDenied') return remoteFault(deniedMessages[deed], deniedHint)
  if (code === 'RequestTimeTooSkewed') return clocksDiffer(message)
  if (code === 'InsufficientStorage') {
    return remoteFault('the disk of the library is full', 'make room on the disk where the library lies, and run it again')
  }
  return remoteFault(
    `the storage refuses the ${deed}: ${code || `status ${status}`}${message === '' ? '' : ` (${message})`}`,
    'if it stays so, `npm run deploy` with the current release, and photos of the same release here, are worth a try',
  )
}

function wrongRegion(bucket: string, region: string | undefined, configuration: RemoteConfiguration): UserError {
  const where = region === undefined ? 'in another region' : `in ${region}`
  const again = `npm run deploy -- --region ${region ?? 'REGION'}`
  return remoteFault(
    `wrong region: ${bucket} is ${where}, but the remote says that it is in ${configuration.region}`,
    `deploy it where its buckets are: ${again}`,
  )
}

/** By the remote's own time, which this machine signs with: where its clock is the wrong one, the line `clock` says so. */
function clocksDiffer(message: string): UserError {
  return remoteFault(
    `the storage has another time than who signed the request: ${message}`,
    'set the clock of the machine on which `photos serve` runs, and of this one: sudo timedatectl set-ntp true',
  )
}

function answeredInPlace(status: number): UserError {
  return remoteFault(foreignAnswer(status).message, networkHint)
}

/** Where somebody answers in the place of the storage. */
export const networkHint =
  'sign in to the network, or let its proxy pass what goes to the storage of the remote; then run it again'
