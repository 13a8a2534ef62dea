import { DeployFailure } from './deploy-failure.js'

/**
 * @typedef {{ doing: string, region?: string | undefined }} Context what was about to be done, as in "could not …"
 * @typedef {object} Explanation
 * @property {RegExp} pattern
 * @property {(error: Error, context: Context) => string} message
 * @property {import('./deploy-failure.js').Next} next
 */

const sameAgain = 'Then run the same command again.'

/** @param {import('./commands.js').Commands} commands */
const signIn = ({ aws }) => `${aws('login')}  (with the name and password of AWS's web page; AWS CLI 2.32 or newer)
${aws('sso login')}  (if you use IAM Identity Center)
${aws('configure')}  (if you have an access key)
${sameAgain} --profile NAME chooses another profile. docs/deploy.md begins before that.`

/**
 * What AWS and its SDK say, by the error's name and message, and what that means. The first that fits counts.
 * Source: names in `@smithy/core`'s and `@aws-sdk`'s credential providers; "Common errors" of the API references of STS and IAM.
 * @type {readonly Explanation[]}
 */
const explanations = [
  {
    pattern: /sso|TokenProviderError/i,
    message: () => 'your sign-in to AWS (IAM Identity Center) has ended',
    next: ({ aws }) => `${aws('sso login')}\n${sameAgain}`,
  },
  {
    pattern: /login.*(expired|session)|(expired|session).*aws login/i,
    message: () => 'your sign-in to AWS has ended',
    next: ({ aws }) => `${aws('login')}\n${sameAgain}`,
  },
  {
    // That the profile is there was looked up before: it is the one it builds on that is not, or what it says is not enough.
    pattern: /profile .*(could not be found|not found)|could not resolve.*profile/i,
    message: ({ message }) => `the profile cannot be used: ${message}`,
    next: ({ aws }) => `${aws('configure list')}  says what is known of it. Mend ~/.aws/config, then run the same command again.`,
  },
  {
    pattern: /CredentialsProviderError|credential.*(missing|not load)/i,
    message: () => 'no credentials for AWS were found on this machine',
    next: signIn,
  },
  {
    pattern: /ExpiredToken|RequestExpired|token.*expired/i,
    message: () => 'your credentials for AWS have expired',
    next: signIn,
  },
  {
    // Both clocks stand in the message of AWS: "Signature expired: 20261122T… is now earlier than …".
    pattern: /Signature (expired|not yet current)|RequestTimeTooSkewed/i,
    message: () => "this machine's clock is wrong: AWS refuses what is signed with it",
    next: 'Set the clock (on Linux: sudo timedatectl set-ntp true), then run the same command again.',
  },
  {
    pattern: /InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|security token .* is invalid/i,
    message: (_error, { region }) =>
      `AWS does not know these credentials${region === undefined ? '' : `, or region ${region} is not enabled in this account`}`,
    next: (commands) => `A key may have been deleted, or copied only in part. Sign in anew:\n${signIn(commands)}`,
  },
  {
    pattern: /SignatureDoesNotMatch|IncompleteSignature/i,
    message: () => 'the secret access key is not the one that belongs to this access key id',
    next: ({ aws }) => `${aws('configure')}  (type both again)\n${sameAgain}`,
  },
  {
    pattern: /AccessDenied|UnauthorizedOperation|NotAuthorized|is not authorized to perform/i,
    message: (error, { doing }) => `your user may not ${doing}: ${deniedAction(error)}`,
    next: ({ aws }) =>
      'Deploying makes roles, buckets, tables and a user pool: it needs an administrator of the account (the policy ' +
      `AdministratorAccess; docs/deploy.md says how). Whose credentials these are: ${aws('sts get-caller-identity')}`,
  },
  {
    pattern: /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|TimeoutError|socket hang up/i,
    message: (_error, { region }) => `AWS cannot be reached${region === undefined ? '' : ` in ${region}`}`,
    next: 'Check this machine’s network, and that there is such a region. Nothing is lost: run the same command again.',
  },
  {
    pattern: /Throttl|Rate exceeded|TooManyRequests|LimitExceeded|ServiceQuotaExceeded/i,
    message: (error, { doing }) => `AWS will not ${doing} just now, because a limit is reached: ${error.message}`,
    next: 'Wait for some minutes, then run the same command again.',
  },
]

/**
 * A failure of AWS in words, with what to type next; other errors come back as they are.
 * @param {unknown} error
 * @param {Context} context
 * @returns {unknown}
 */
export function explainAwsFailure(error, context) {
  if (!(error instanceof Error) || error instanceof DeployFailure) return error
  const explained = explanations.find(({ pattern }) => pattern.test(textOf(error)))
  if (explained === undefined) return error
  return new DeployFailure(explained.message(error, context), explained.next, error)
}

/** Does `work`; what AWS refuses is explained. @template Result @param {string} doing @param {() => Promise<Result>} work */
export async function whileDoing(doing, work) {
  try {
    return await work()
  } catch (error) {
    throw explainAwsFailure(error, { doing })
  }
}

/** With what lies below it: the SDK wraps what the network says. @param {Error} error @returns {string} */
function textOf(error) {
  const code = 'code' in error ? ` ${String(error.code)}` : ''
  const below = error.cause instanceof Error ? ` ${textOf(error.cause)}` : ''
  const together = error instanceof AggregateError ? error.errors.map((one) => ` ${textOf(one)}`).join('') : ''
  return `${error.name}${code} ${error.message}${below}${together}`
}

/** `s3:CreateBucket on arn:…`, where AWS says it. @param {Error} error */
function deniedAction({ message }) {
  const [, action, resource] = /not authorized to perform: (\S+)(?: on resource: (\S+))?/.exec(message) ?? []
  if (action === undefined) return message
  return resource === undefined ? action : `${action} on ${resource}`
}
