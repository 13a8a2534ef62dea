import { describe, expect, test } from 'vitest'
import { type Deployer, deployerOf, typingDeployerOf } from './deployer.ts'
import type { StackState } from './fake-aws/account-state.ts'
import { AwsRefusal } from './fake-aws/aws-answer.ts'
import { type FakeAws, startFakeAws } from './fake-aws/fake-aws.ts'

const storageBucket = 'photos-storage-prod-123456789012-eu-central-1'

/** A stack `photos-prod` in an account, and somebody who deploys to it. */
async function stackThatIs(
  changes: Partial<StackState>,
  whoDeploys: (aws: FakeAws) => Promise<Deployer> = deployerOf,
): Promise<{ readonly aws: FakeAws; readonly anna: Deployer }> {
  const aws = await startFakeAws()
  const stack = { status: 'UPDATE_COMPLETE', template: { Resources: {} }, outputs: {}, resources: new Map(), events: [] }
  aws.account.stacks.set('photos-prod', { ...stack, ...changes })
  return { aws, anna: await whoDeploys(aws) }
}

const changing = (asked: readonly string[]): readonly string[] =>
  asked.filter((what) => /Create|Put|Delete|Execute|Update|Continue/.test(what))

const shop = new Map([['Shop', { type: 'AWS::DynamoDB::Table', id: 'shop' }]])

describe.each(['deploy', 'remove'] as const)('%s leaves alone', (act) => {
  test.each([
    ['a stack of the same name that somebody else made', { resources: shop }, 'no tag application = photos'],
    ['one that has our tag by chance', { resources: shop, tags: { application: 'photos' } }, `no bucket ${storageBucket}`],
    [
      'one of somebody else that nobody can deploy to',
      { resources: shop, status: 'UPDATE_ROLLBACK_FAILED' },
      'no tag application = photos',
    ],
  ])('%s', async (_what, changes, reason) => {
    const { aws, anna } = await stackThatIs(changes)
    const { exitCode, stderr } = await anna[act](['--yes'])
    expect(exitCode).toBe(1)
    expect(stderr).toContain(
      `there is a stack photos-prod in this account and region already, which is none of photos: it has ${reason}\n`,
    )
    expect(changing(aws.asked)).toEqual([])
    expect(aws.account.stacks.has('photos-prod')).toBe(true)
  })

  test('a user pool and a table that only have our names', async () => {
    const pools = await startFakeAws()
    pools.account.userPools.set('eu-central-1_abc', { name: 'photos-prod', users: new Map() })
    pools.account.foreign.add('eu-central-1_abc')
    const tables = await startFakeAws()
    tables.account.tables.add('photos-index-prod')
    tables.account.foreign.add('photos-index-prod')
    for (const [aws, what] of [
      [pools, 'a user pool photos-prod (eu-central-1_abc)'],
      [tables, 'a table photos-index-prod'],
    ] as const) {
      const { exitCode, stdout, stderr } = await (await deployerOf(aws))[act](['--yes'])
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
      expect(stderr).toContain(`${what} is there already, and is none of photos: it has no tag application = photos\n`)
    }
  })
})

test.each([
  [
    'what a first deployment that failed has left',
    { resources: new Map([['ServerlessDeploymentBucket', { type: 'AWS::S3::Bucket', id: 'zips' }]]) },
  ],
  [
    'a stack with the bucket of the photos',
    { resources: new Map([...shop, ['StorageBucket', { type: 'AWS::S3::Bucket', id: storageBucket }]]) },
  ],
])('%s is ours', async (_what, changes) => {
  const { anna } = await stackThatIs({ ...changes, tags: { application: 'photos' } })
  const { exitCode, stderr } = await anna.deploy([])
  expect(exitCode).toBe(2)
  expect(stderr).toContain('there is no terminal to ask on')
})

test('of two user pools of the same name, the one with our tag is taken', async () => {
  const aws = await startFakeAws()
  for (const id of ['eu-central-1_theirs', 'eu-central-1_ours'])
    aws.account.userPools.set(id, { name: 'photos-prod', users: new Map() })
  aws.account.foreign.add('eu-central-1_theirs')
  const { stderr } = await (await deployerOf(aws)).deploy([])
  expect(stderr).toContain('user pool  photos-prod (eu-central-1_ours)')
  expect(stderr).not.toContain('theirs')
})

describe('what was chosen', () => {
  const tags = { application: 'photos' }
  const chosen = '{"storageClass":"GLACIER_IR","objectLockDays":"30"}'

  test('is known where the stack does not say it, from the parameter store', async () => {
    const { aws, anna } = await stackThatIs({ status: 'UPDATE_ROLLBACK_COMPLETE', tags })
    aws.account.parameters.set('/photos/prod/parameters', { value: chosen, type: 'String' })
    const { stderr } = await anna.deploy([])
    expect(stderr).toContain('storageClass = GLACIER_IR')
    expect(stderr).toContain('objectLockDays = 30')
  })

  test('is what the stack says, where both do', async () => {
    const { aws, anna } = await stackThatIs({ tags, outputs: { Parameters: '{"storageClass":"DEEP_ARCHIVE"}' } })
    aws.account.parameters.set('/photos/prod/parameters', { value: chosen, type: 'String' })
    const { stderr } = await anna.deploy([])
    expect(stderr).toContain('storageClass = DEEP_ARCHIVE')
    expect(stderr).not.toContain('objectLockDays')
  })

  test('is told at a second removal, too', async () => {
    const aws = await startFakeAws()
    aws.account.buckets.set(storageBucket, new Map())
    aws.account.parameters.set('/photos/prod/parameters', { value: chosen, type: 'String' })
    const { stdout, stderr } = await (await deployerOf(aws)).remove(['--yes'])
    expect(stderr).toContain('npm run deploy -- --param storageClass=GLACIER_IR --param objectLockDays=30')
    expect(stdout).toContain('aws ssm delete-parameter --name /photos/prod/parameters\n')
  })

  test.each([
    ['no JSON', 'not JSON', 'storageClass, objectLockDays, alarmEmail'],
    ['JSON of another kind', '["GLACIER_IR"]', 'storageClass, objectLockDays, alarmEmail'],
    ['an address that would command the terminal', '{"alarmEmail":"b@example.com\\u001b[2J"}', 'alarmEmail\n'],
    ['a value that cannot be', '{"storageClass":"\\u001b[31mred","budgetUsd":"7"}', 'storageClass\n'],
  ])('and is %s, is asked for again, and never shown', async (_what, Parameters, named) => {
    const { aws, anna } = await stackThatIs({ tags, outputs: { Parameters } })
    const { exitCode, stderr } = await anna.deploy(['--yes'])
    expect(exitCode).toBe(1)
    expect(stderr).toContain(`what was deployed with cannot be read any more: ${named}`)
    expect(stderr).not.toContain('\u001b')
    expect(stderr).not.toMatch(/\bat .*\.js:/)
    expect(changing(aws.asked)).toEqual([])
  })

  test('and is one of two that need each other, has no say in a removal', async () => {
    const Parameters = JSON.stringify({ googleEmails: 'anna@example.com' })
    const { aws, anna } = await stackThatIs({ tags, outputs: { Parameters } }, typingDeployerOf)
    const { exitCode, stderr } = await anna.remove(['--yes'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining('These go:') })
    expect(aws.account.stacks.has('photos-prod')).toBe(false)
  })

  test('and cannot be read, may be chosen again', async () => {
    const { anna } = await stackThatIs({ tags, outputs: { Parameters: '{"storageClass":"RED","budgetUsd":"7"}' } })
    const { stderr } = await anna.deploy(['--param', 'storageClass=STANDARD'])
    expect(stderr).toContain('storageClass = STANDARD')
    expect(stderr).toContain('budgetUsd = 7')
  })
})

test('who may not read the tags of a table is told so', async () => {
  const aws = await startFakeAws()
  aws.account.tables.add('photos-index-prod')
  const message = 'User: arn:x is not authorized to perform: dynamodb:ListTagsOfResource on resource: arn:y'
  aws.refuse('DynamoDB_20120810.ListTagsOfResource', new AwsRefusal('AccessDeniedException', message))
  const { stderr } = await (await deployerOf(aws)).deploy(['--yes'])
  expect(stderr).toContain('your user may not look for the tables: dynamodb:ListTagsOfResource on arn:y')
})
