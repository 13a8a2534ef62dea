import {
  CognitoIdentityProviderClient,
  DescribeUserPoolCommand,
  paginateListUserPools,
} from '@aws-sdk/client-cognito-identity-provider'
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { HeadBucketCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3'
import { whileDoing } from './aws-failures.js'
import { DeployFailure } from './deploy-failure.js'

/**
 * What outlives the stack: photos, index, accounts.
 * @typedef {object} Kept
 * @property {'AWS::S3::Bucket' | 'AWS::DynamoDB::Table' | 'AWS::Cognito::UserPool'} type
 * @property {string} name as a person knows it
 * @property {string} id as AWS knows it: for a user pool another one than its name
 * @property {string} holds how much is in it, for people
 */

/**
 * Everything of this stage that is there, in or out of a stack.
 * @param {import('./aws-account.js').Account} account
 * @param {import('./names.js').Names} names
 * @param {{ measured: boolean }} options whether to count what is in the buckets, which takes a request for every thousand objects
 * @returns {Promise<readonly Kept[]>}
 */
export async function findKept(
  { client, accountId },
  { storageBucket, uploadBucket, indexTable, authTable, userPool },
  { measured },
) {
  const s3 = new S3Client({ ...client, followRegionRedirects: true })
  const dynamoDb = new DynamoDBClient(client)
  const cognito = new CognitoIdentityProviderClient(client)
  try {
    const found = await Promise.all([
      findBucket(s3, storageBucket, accountId, measured),
      findBucket(s3, uploadBucket, accountId, measured),
      findTable(dynamoDb, indexTable),
      findTable(dynamoDb, authTable),
      findUserPool(cognito, userPool),
    ])
    return found.filter((one) => one !== undefined)
  } finally {
    for (const each of [s3, dynamoDb, cognito]) each.destroy()
  }
}

/** @param {S3Client} s3 @param {string} name @param {string} accountId @param {boolean} measured @returns {Promise<Kept | undefined>} */
async function findBucket(s3, name, accountId, measured) {
  try {
    await s3.send(new HeadBucketCommand({ Bucket: name, ExpectedBucketOwner: accountId }))
  } catch (error) {
    if (error instanceof Error && ['NotFound', 'NoSuchBucket'].includes(error.name)) return undefined
    if (error instanceof Error && '$metadata' in error && /403|Forbidden|AccessDenied/.test(`${error.name} ${error.message}`)) {
      throw new DeployFailure(
        `the bucket ${name} is there, but your user may not look at it, or it belongs to somebody else`,
        'It needs an administrator of the account (docs/deploy.md). If the bucket is not yours: npm run deploy -- --stage another',
        error,
      )
    }
    return whileDoing('look for the buckets', () => Promise.reject(error))
  }
  return { type: 'AWS::S3::Bucket', name, id: name, holds: measured ? await measureBucket(s3, name) : '' }
}

/** A million objects are a thousand requests; more than these say nothing that changes what a person does. */
const mostPages = 300

/** With what is only there in older versions, as it is paid for, too. @param {S3Client} s3 @param {string} Bucket */
async function measureBucket(s3, Bucket) {
  let [objects, sizeBytes] = [0, 0]
  let next = {}
  for (let pages = 0; pages < mostPages; pages++) {
    const page = await whileDoing('list a bucket', () => s3.send(new ListObjectVersionsCommand({ Bucket, ...next })))
    objects += page.Versions?.length ?? 0
    for (const { Size = 0 } of page.Versions ?? []) sizeBytes += Size
    if (page.IsTruncated !== true) return `${objects} objects, ${inUnits(sizeBytes)}`
    next = {
      ...(page.NextKeyMarker !== undefined && { KeyMarker: page.NextKeyMarker }),
      ...(page.NextVersionIdMarker !== undefined && { VersionIdMarker: page.NextVersionIdMarker }),
    }
  }
  return `more than ${objects} objects, ${inUnits(sizeBytes)}`
}

/** @param {DynamoDBClient} dynamoDb @param {string} name @returns {Promise<Kept | undefined>} */
async function findTable(dynamoDb, name) {
  try {
    const { Table } = await dynamoDb.send(new DescribeTableCommand({ TableName: name }))
    // DynamoDB counts every six hours.
    const holds = `about ${Table?.ItemCount ?? 0} records, ${inUnits(Table?.TableSizeBytes ?? 0)}`
    return { type: 'AWS::DynamoDB::Table', name, id: name, holds }
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined
    return whileDoing('look for the tables', () => Promise.reject(error))
  }
}

/** @param {CognitoIdentityProviderClient} cognito @param {string} name @returns {Promise<Kept | undefined>} */
async function findUserPool(cognito, name) {
  const ids = await whileDoing('look for the user pool', () => findUserPoolIds(cognito, name))
  const [id, ...others] = ids
  if (id === undefined) return undefined
  if (others.length > 0) {
    throw new DeployFailure(
      `there are ${ids.length} user pools called ${name}: ${ids.join(', ')}; only one can be this deployment's`,
      'See in the console of AWS, under Cognito, which of them has your accounts. Rename or delete the others, then run the same command again.',
    )
  }
  const { UserPool } = await cognito.send(new DescribeUserPoolCommand({ UserPoolId: id }))
  return { type: 'AWS::Cognito::UserPool', name, id, holds: `about ${UserPool?.EstimatedNumberOfUsers ?? 0} accounts` }
}

/** Names of user pools need not be unique. @param {CognitoIdentityProviderClient} cognito @param {string} name */
async function findUserPoolIds(cognito, name) {
  const ids = []
  for await (const { UserPools = [] } of paginateListUserPools({ client: cognito, pageSize: 60 }, { MaxResults: 60 })) {
    for (const { Id, Name } of UserPools) if (Name === name && Id !== undefined) ids.push(Id)
  }
  return ids
}

/** @param {number} sizeBytes */
function inUnits(sizeBytes) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, sizeBytes)) / 3)))
  return `${(sizeBytes / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]}`
}

/** The lines of a table of them. @param {readonly Kept[]} kept */
export function describeKept(kept) {
  const kinds = { 'AWS::S3::Bucket': 'bucket', 'AWS::DynamoDB::Table': 'table', 'AWS::Cognito::UserPool': 'user pool' }
  const width = Math.max(0, ...kept.map(({ name }) => name.length))
  return kept.map(({ type, name, id, holds }) => {
    const shownId = id === name ? '' : ` (${id})`
    return `  ${kinds[type].padEnd(9)}  ${name.padEnd(width)}${shownId}  ${holds}`.trimEnd()
  })
}

/**
 * What to type to delete them for good, in any shell with the AWS CLI (AWS CloudShell has it).
 * @param {readonly Kept[]} kept
 * @param {string} region
 * @returns {readonly string[]}
 */
export function howToDelete(kept, region) {
  return kept.flatMap(({ type, id }) => {
    switch (type) {
      case 'AWS::S3::Bucket':
        return [
          // `s3 rb --force` leaves the older versions, and then fails: every version has to be named.
          `while aws s3api list-object-versions --bucket ${id} --max-items 500 --output json --query '{Objects: [Versions,DeleteMarkers][] | [].{Key:Key,VersionId:VersionId}}' > versions.json && grep -q VersionId versions.json; do aws s3api delete-objects --bucket ${id} --delete file://versions.json > deleted.json || break; done`,
          `aws s3api delete-bucket --bucket ${id} --region ${region}`,
        ]
      case 'AWS::DynamoDB::Table':
        return [`aws dynamodb delete-table --table-name ${id} --region ${region}`]
      case 'AWS::Cognito::UserPool':
        return [
          `aws cognito-idp update-user-pool --user-pool-id ${id} --deletion-protection INACTIVE --region ${region}`,
          `aws cognito-idp delete-user-pool --user-pool-id ${id} --region ${region}`,
        ]
      default:
        return []
    }
  })
}
