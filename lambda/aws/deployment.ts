// What the template and the embedded backend have in common, and is no business of one function alone.

/** Where a backend stands in AWS: several stages may live in one account. */
export interface DeploymentPlace {
  readonly stage: string
  readonly accountId: string
  readonly region: string
}

/** What everything is called where there is but one backend, as in a library; names in AWS begin with it. */
export const baseNames = {
  uploadBucket: 'photos-uploads',
  storageBucket: 'photos-storage',
  indexTable: 'photos-index',
  authTable: 'photos-auth',
  uploadQueue: 'photos-uploads',
  deadLetterQueue: 'photos-uploads-dead',
} as const

/**
 * A stage becomes part of bucket names (small letters, 63 characters in all, of which account and region take up to 29) and of
 * the sign-in page's host, in which Cognito wants neither `aws` nor `amazon` nor `cognito`.
 */
export const stagePattern = /^(?!.*(aws|amazon|cognito))[a-z]([a-z0-9-]{0,13}[a-z0-9])?$/

/** Names that are fixed, so that what outlives a stack is found again. Bucket names are shared by all customers of AWS. */
export function deployedNames({ stage, accountId, region }: DeploymentPlace) {
  return {
    uploadBucket: `${baseNames.uploadBucket}-${stage}-${accountId}-${region}`,
    storageBucket: `${baseNames.storageBucket}-${stage}-${accountId}-${region}`,
    indexTable: `${baseNames.indexTable}-${stage}`,
    authTable: `${baseNames.authTable}-${stage}`,
    uploadQueue: `${baseNames.uploadQueue}-${stage}`,
    deadLetterQueue: `${baseNames.deadLetterQueue}-${stage}`,
    userPool: `photos-${stage}`,
    functions: {
      api: `photos-${stage}-api`,
      auth: `photos-${stage}-auth`,
      processUpload: `photos-${stage}-process-upload`,
      authorizeRefresh: `photos-${stage}-authorize-refresh`,
      admitSignUp: `photos-${stage}-admit-sign-up`,
    },
    authSecretParameter: `/photos/${stage}/auth-secret`,
    /** Secrets Manager's, and only where people sign in with Google. */
    googleSecret: `photos/${stage}/google-client-secret`,
    signInDomainPrefix: `photos-${stage}-${accountId}`,
  }
}

/** Days after which whatever lies in the upload bucket goes away: it was stored long before, or will be sent again. */
export const uploadExpiryDays = 1

/**
 * Days after which an upload in parts that is not complete goes away: 30 GB take three days at 1 Mbit/s, and a laptop that was
 * closed on Friday goes on with them on Monday.
 */
export const unfinishedUploadExpiryDays = 7

/** How often the queue hands a message out before it becomes a dead letter. */
export const maximumReceives = 5

/** Dead letters are kept as long as SQS can, so that somebody on holiday still finds them. */
export const deadLetterRetentionDays = 14

/**
 * Messages handed out at once, which is also how many originals are processed at once: the limit of what a flood of uploads can
 * cost. Five keep up with 100 Mbit/s of photos. Not reserved concurrency: an account's first quota is 10 in all, of which
 * Lambda lets nobody reserve any.
 */
export const processingConcurrency = 5

/** Seconds and megabytes of each function. */
export const functionLimits = {
  /** API Gateway waits for 30 seconds (29 so that the function's own answer comes first). */
  api: { timeoutSeconds: 29, memoryMegabytes: 512 },
  auth: { timeoutSeconds: 29, memoryMegabytes: 512 },
  /**
   * A photo takes 1 to 2 seconds and 230 MB. An original of {@link maximumOriginalBytes} is streamed through, never held or put
   * on the function's own disk, and that takes the quarter of an hour that Lambda allows. 1769 MB are one whole processor, which
   * is all that rendering uses; the largest picture that is decoded needs 1 GB of them.
   */
  processUpload: { timeoutSeconds: 900, memoryMegabytes: 1769 },
  /** Cognito waits no longer for a trigger. */
  authorizeRefresh: { timeoutSeconds: 5, memoryMegabytes: 512 },
  admitSignUp: { timeoutSeconds: 5, memoryMegabytes: 256 },
} as const

/** 32 GiB: more than an hour of video from a camera. To stream it in its quarter of an hour, the function has to keep up 38 MB/s. */
export const maximumOriginalBytes = 32 * 2 ** 30

/**
 * A message comes again after so long. Longer than the function may take, or two would work on one original. AWS advises six
 * times as much, for when Lambda has no room for the function; here no more is handed out than may run, and what takes seconds
 * is tried for minutes.
 */
export const visibilityTimeoutSeconds = functionLimits.processUpload.timeoutSeconds + 60

/** What an access token and an ID token are good for: short, because what is verified offline cannot be taken back. */
export const tokenMinutes = 30
/** Rotation does not lengthen it: a device signs in again after a year. */
export const refreshTokenDays = 365
/** For so long the refresh token of before still works, for who did not get the answer. */
export const refreshGraceSeconds = 60

/** Requests of everybody together. A sync asks for a hundred photos at a time. */
export const apiThrottling = { requestsPerSecond: 50, burst: 100 } as const

/** When an alarm goes off. */
export const alarmThresholds = {
  /**
   * Errors in five minutes. Of processing, only that it crashed or ran out of time or memory: what it could not process it hands
   * back to the queue without failing itself, and that becomes a dead letter. A device that was revoked is refused by an error, and
   * goes on asking as often as it is told to sync: a refusal is no failure, very many of them are. The same goes for those whom
   * nobody asked for.
   */
  errors: { api: 1, auth: 1, processUpload: 1, authorizeRefresh: 20, admitSignUp: 20 },
  /** Answers of the API with a status of 500 or more, in five minutes. */
  apiFailures: 5,
  /** So long may the oldest upload wait: longer than one retry takes. */
  queueAgeSeconds: 2 * 60 * 60,
  throttles: 5,
} as const
