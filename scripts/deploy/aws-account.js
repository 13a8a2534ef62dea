import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { explainAwsFailure } from './aws-failures.js'
import { requireProfile } from './aws-profiles.js'
import { parseRegion } from './command-line.js'
import { DeployFailure } from './deploy-failure.js'

// Its warning about releases to come would only frighten people: the lockfile holds the last ones made for Node 20.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true'

/**
 * @typedef {import('@aws-sdk/types').AwsCredentialIdentity} Credentials
 * @typedef {{ region: string, credentials: Credentials | (() => Promise<Credentials>) }} Client
 */

/**
 * Where everything happens, and as whom.
 * @typedef {object} Account
 * @property {string} accountId 12 digits
 * @property {string} arn whose credentials these are
 * @property {string} region
 * @property {string} partition `aws`, or that of China
 * @property {() => Promise<Credentials>} credentials those of now: a sign-in's last for minutes, and are renewed while it lasts
 * @property {Client} client what every client of AWS is made with
 */

/**
 * Finds the region, the credentials and their account, as the AWS CLI would. Throws a `DeployFailure` that says what to type
 * where one of them is missing or no longer good.
 * @param {Pick<import('./command-line.js').CommandLine, 'script' | 'region' | 'profile'>} line
 * @returns {Promise<Account>}
 */
export async function findAccount({ script, region: given, profile }) {
  const keys = keysUnless(profile)
  const named = process.env['AWS_PROFILE']
  if (named) await requireProfile(named)
  const asked = regionOf(given)
  const sts = new STSClient({ ...(asked !== undefined && { region: asked }), ...(keys && { credentials: keys }) })
  try {
    const region = parseRegion(await sts.config.region().catch((cause) => rejectWithoutRegion(script, cause)))
    // Clients ask again whenever theirs are about to end; without force, the SDK hands out the old ones while it fetches others.
    const credentials = () => sts.config.credentials({ forceRefresh: true })
    const { Account: accountId = '', Arn: arn = '' } = await sts.send(new GetCallerIdentityCommand({}))
    return { accountId, arn, region, partition: arn.split(':')[1] ?? 'aws', credentials, client: { region, credentials } }
  } catch (error) {
    throw explainAwsFailure(error, { doing: 'sign in to AWS', region: asked })
  } finally {
    sts.destroy()
  }
}

/** The AWS CLI knows both variables, the SDK only the first. @param {string | undefined} given */
function regionOf(given) {
  return given ?? (process.env['AWS_REGION'] || process.env['AWS_DEFAULT_REGION'] || undefined)
}

const keyVariables = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']

/**
 * The keys of the environment, where they count. As for the AWS CLI, a profile on the command line comes before them, and one of
 * the environment behind them; the SDK alone would warn that there are two, and take the other one.
 * @param {string | undefined} profile
 */
function keysUnless(profile) {
  if (profile !== undefined) {
    // The SDK finds a profile there only.
    process.env['AWS_PROFILE'] = profile
    for (const name of keyVariables) delete process.env[name]
  }
  const [accessKeyId, secretAccessKey, sessionToken] = keyVariables.map((name) => process.env[name])
  if (!accessKeyId || !secretAccessKey) return undefined
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) }
}

const regions =
  '(us-east-1 Virginia, us-west-2 Oregon, ca-central-1 Canada, eu-west-1 Ireland, eu-central-1 Frankfurt, ap-south-1 Mumbai, ' +
  'ap-southeast-2 Sydney, ap-northeast-1 Tokyo)'

/** @param {import('./command-line.js').CommandLine['script']} script @param {unknown} cause @returns {never} */
function rejectWithoutRegion(script, cause) {
  if (cause instanceof Error && !/region is missing/i.test(cause.message)) throw cause
  const region = 'eu-central-1'
  if (script === 'deploy:remove') {
    const next = 'Name the region; it stands in the address that photos login was given (execute-api.REGION.amazonaws.com):\n'
    throw new DeployFailure('no region is set: where is it deployed?', ({ again }) => `${next}${again({ region })}`, cause)
  }
  throw new DeployFailure(
    'no region is set: where in the world are the photos to be kept?',
    ({ again, aws }) =>
      `Name the one that is nearest to you, for instance: ${again({ region })}\n${regions}\n` +
      `To have it remembered: ${aws(`configure set region ${region}`)}`,
    cause,
  )
}
