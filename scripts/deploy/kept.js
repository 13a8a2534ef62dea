import {
  CognitoIdentityProviderClient,
  DescribeUserPoolCommand,
  paginateListUserPools,
} from '@aws-sdk/client-cognito-identity-provider'
import { DescribeTableCommand, DynamoDBClient, ListTagsOfResourceCommand } from '@aws-sdk/client-dynamodb'
import { GetObjectLockConfigurationCommand, HeadBucketCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3'
import { whileDoing } from './aws-failures.js'
import { DeployFailure } from './deploy-failure.js'
import { hasOurTags, noneOfOurs, tagsOf } from './our-mark.js'

/**
 * What outlives the stack: photos, index, accounts.
 * @typedef {object} Kept
 * @property {boolean} [locked] a bucket in which everything is under Object Lock for some days
 * @property {'AWS::S3::Bucket' | 'AWS::DynamoDB::Table' | 'AWS::Cognito::UserPool'} type
 * @property {string} name as a person knows it
 * @property {string} id as AWS knows it: for a user pool another one than its name
 * @property {string} holds how much is in it, for people
 */

/**
 * Everything of this stage that is there, in or out of a stack.
 * @param {import('./aws-account.js').Account} account
 * @param {import('./names.js').Names} names
 * @param {{ measured: boolean }} options whether to look into the buckets, which takes a request for every thousand objects
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

/**
 * @param {S3Client} s3
 * @param {string} name
 * @param {string} accountId
 * @param {boolean} measured
 * @returns {Promise<Kept | undefined>}
 */
async function findBucket(s3, name, accountId, measured) {
  try {
    await s3.send(new HeadBucketCommand({ Bucket: name, ExpectedBucketOwner: accountId }))
  } catch (error) {
    if (error instanceof Error && ['NotFound', 'NoSuchBucket'].includes(error.name)) return undefined
    if (error instanceof Error && '$metadata' in error && /403|Forbidden|AccessDenied/.test(`${error.name} ${error.message}`)) {
      throw new DeployFailure(
        `the bucket ${name} is there, but your user may not look at it, or it belongs to somebody else`,
        ({ again }) =>
          'It needs an administrator of the account (docs/deploy.md). If the bucket is not yours, deploy under another name: ' +
          again({ script: 'deploy', stage: 'another' }),
        error,
      )
    }
    return whileDoing('look for the buckets', () => Promise.reject(error))
  }
  const bucket = /** @type {const} */ ({ type: 'AWS::S3::Bucket', name, id: name })
  return measured
    ? { ...bucket, holds: await measureBucket(s3, name), locked: await isLocked(s3, name) }
    : { ...bucket, holds: '' }
}

/** The bucket says it even when the stack, and what it was deployed with, are gone. @param {S3Client} s3 @param {string} Bucket */
async function isLocked(s3, Bucket) {
  try {
    const { ObjectLockConfiguration } = await s3.send(new GetObjectLockConfigurationCommand({ Bucket }))
    return ObjectLockConfiguration?.Rule !== undefined
  } catch (error) {
    if (error instanceof Error && error.name === 'ObjectLockConfigurationNotFoundError') return false
    return whileDoing('look at the lock of a bucket', () => Promise.reject(error))
  }
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
    const ResourceArn = Table?.TableArn ?? name
    const { Tags } = await dynamoDb.send(new ListTagsOfResourceCommand({ ResourceArn }))
    if (!hasOurTags(tagsOf(Tags))) {
      const tag = `dynamodb tag-resource --resource-arn ${ResourceArn} --tags Key=application,Value=photos`
      throw noneOfOurs(`a table ${name}`, (aws) => aws(tag))
    }
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
  const pools = await whileDoing('look for the user pool', () => findUserPools(cognito, name))
  const own = pools.filter(({ UserPoolTags = {} }) => hasOurTags(UserPoolTags))
  const ids = own.map(({ Id = '' }) => Id)
  const [id, ...others] = ids
  // Names of user pools need not be unique. But beside a pool that only lost its tag a new one would be empty.
  if (id === undefined && pools[0] !== undefined) throw foreignPool(pools[0], name)
  if (id === undefined) return undefined
  if (others.length > 0) {
    throw new DeployFailure(
      `there are ${ids.length} user pools called ${name}: ${ids.join(', ')}; only one can be this deployment's`,
      'See in the console of AWS, under Cognito, which of them has your accounts. Rename or delete the others, then run the ' +
        'same command again.',
    )
  }
  return { type: 'AWS::Cognito::UserPool', name, id, holds: `about ${own[0]?.EstimatedNumberOfUsers ?? 0} accounts` }
}

/** @param {import('@aws-sdk/client-cognito-identity-provider').UserPoolType} pool @param {string} name */
function foreignPool({ Id = '', Arn = Id }, name) {
  const tag = `cognito-idp tag-resource --resource-arn ${Arn} --tags application=photos`
  return noneOfOurs(`a user pool ${name} (${Id})`, (aws) => aws(tag))
}

/** @param {CognitoIdentityProviderClient} cognito @param {string} name */
async function findUserPools(cognito, name) {
  const ids = []
  for await (const { UserPools = [] } of paginateListUserPools({ client: cognito, pageSize: 60 }, { MaxResults: 60 })) {
    for (const { Id, Name } of UserPools) if (Name === name && Id !== undefined) ids.push(Id)
  }
  const described = await Promise.all(ids.map((UserPoolId) => cognito.send(new DescribeUserPoolCommand({ UserPoolId }))))
  return described.flatMap(({ UserPool }) => UserPool ?? [])
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
