import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { explainAwsFailure } from './aws-failures.js'
import { parseRegion } from './command-line.js'
import { DeployFailure } from './deploy-failure.js'

// Its warning about releases to come would only frighten people: the lockfile holds the last ones made for Node 20.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true'

/**
 * Where everything happens, and as whom.
 * @typedef {object} Account
 * @property {string} accountId 12 digits
 * @property {string} arn whose credentials these are
 * @property {string} region
 * @property {string} partition `aws`, or that of China
 * @property {import('@aws-sdk/types').AwsCredentialIdentity} credentials
 * @property {{ region: string, credentials: import('@aws-sdk/types').AwsCredentialIdentity }} client what every client of AWS is made with
 */

/**
 * Finds the region, the credentials and their account, as the AWS CLI would. Throws a `DeployFailure` that says what to type
 * where one of them is missing or no longer good.
 * @param {{ region: string | undefined, profile: string | undefined }} options
 * @returns {Promise<Account>}
 */
export async function findAccount({ region: given, profile }) {
  // The SDK finds a profile there only; what is asked for on the command line comes first.
  if (profile !== undefined) process.env['AWS_PROFILE'] = profile
  const asked = regionOf(given)
  const sts = new STSClient({ ...(asked !== undefined && { region: asked }) })
  try {
    const region = parseRegion(await sts.config.region().catch(rejectWithoutRegion))
    const { accessKeyId, secretAccessKey, sessionToken } = await sts.config.credentials()
    const credentials = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
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

/** @param {unknown} cause @returns {never} */
function rejectWithoutRegion(cause) {
  // A profile that is not there, too, ends here: then that is what to say.
  if (cause instanceof Error && !/region is missing/i.test(cause.message)) throw cause
  throw new DeployFailure(
    'no region is set: where in the world are the photos to be kept?',
    'Name the one that is nearest to you, for instance: npm run deploy -- --region eu-central-1\n' +
      '(us-east-1 Virginia, us-west-2 Oregon, ca-central-1 Canada, eu-west-1 Ireland, eu-central-1 Frankfurt, ap-south-1 Mumbai,\n' +
      'ap-southeast-2 Sydney, ap-northeast-1 Tokyo). To have it remembered: aws configure set region eu-central-1',
    cause,
  )
}
