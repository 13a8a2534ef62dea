import { expect, test } from 'vitest'
import { deployerOf, typingDeployerOf } from './deployer.ts'
import { AwsRefusal } from './fake-aws/aws-answer.ts'
import { startFakeAws } from './fake-aws/fake-aws.ts'

const noCredentials = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined }

test('without credentials it says how to sign in, and asks AWS nothing', async () => {
  const aws = await startFakeAws()
  const { exitCode, stdout, stderr } = await (await typingDeployerOf(aws)).deploy(['--yes'], noCredentials)
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  expect(stderr).toContain('no credentials for AWS were found on this machine\n  aws login ')
  expect(aws.asked).toEqual([])
})

test('a sign-in of IAM Identity Center that has ended is told with the command that begins it anew', async () => {
  const config = `[profile home]
region = eu-central-1
sso_session = home
sso_account_id = 123456789012
sso_role_name = AdministratorAccess
[sso-session home]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-central-1
`
  const aws = await startFakeAws()
  const { exitCode, stderr } = await (await deployerOf(aws, config)).deploy(['--profile', 'home'], noCredentials)
  expect(exitCode).toBe(1)
  expect(stderr).toBe(
    '\nyour sign-in to AWS (IAM Identity Center) has ended\n  aws sso login --profile home\n  Then run the same command again.\n',
  )
})

test('without a region it says what one is, and how to have it remembered', async () => {
  const aws = await startFakeAws()
  const { exitCode, stderr } = await (await deployerOf(aws)).deploy(['--yes'], { AWS_REGION: undefined })
  expect(exitCode).toBe(1)
  expect(stderr).toContain('no region is set: where in the world are the photos to be kept?\n')
  expect(stderr).toContain('npm run deploy -- --region eu-central-1\n')
  expect(aws.asked).toEqual([])
})

test('credentials that AWS does not take are told in words, without a stack trace', async () => {
  const aws = await startFakeAws()
  aws.refuse(
    'STS GetCallerIdentity',
    new AwsRefusal('ExpiredToken', 'The security token included in the request is expired', 403),
  )
  const { exitCode, stderr } = await (await deployerOf(aws)).deploy(['--yes'])
  expect(exitCode).toBe(1)
  expect(stderr).toContain('\nyour credentials for AWS have expired\n  aws login ')
  expect(stderr).not.toMatch(/\bat .*\.js:/)
})

test('a user who may not look at stacks is told what is missing, and whose credentials to look for', async () => {
  const aws = await startFakeAws()
  const message =
    'User: arn:aws:iam::123456789012:user/anna is not authorized to perform: cloudformation:DescribeStacks on resource: arn:x'
  aws.refuse('CloudFormation DescribeStacks', new AwsRefusal('AccessDenied', message, 403))
  const { exitCode, stderr } = await (await deployerOf(aws)).deploy(['--yes'])
  expect(exitCode).toBe(1)
  expect(stderr).toContain('your user may not look at the stack: cloudformation:DescribeStacks on arn:x\n')
  expect(stderr).toContain('AdministratorAccess')
})

test('without a terminal it shows what it would do, changes nothing, and says how to do it without being asked', async () => {
  const aws = await startFakeAws()
  const words = ['--param', 'storageClass=GLACIER_IR', '--param', 'alarmEmail=']
  const { exitCode, stdout, stderr } = await (await typingDeployerOf(aws)).deploy(words)
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toBe(`AWS account  123456789012, as arn:aws:iam::123456789012:user/anna
region       eu-central-1
stage        prod: new
             storageClass = GLACIER_IR (default: INTELLIGENT_TIERING)

there is no terminal to ask on whether this is right
  npm run deploy -- --param storageClass=GLACIER_IR --param alarmEmail= --yes  does it without asking
`)
  expect(aws.asked.filter((what) => /Create|Put|Delete|Execute|Update/.test(what))).toEqual([])
})

test('an upgrade goes on with what the stack was deployed with, and shows it', async () => {
  const aws = await startFakeAws()
  const outputs = { Parameters: '{"storageClass":"DEEP_ARCHIVE","alarmEmail":"you@example.com","budgetUsd":"5"}' }
  const tags = { application: 'photos' }
  const stack = { status: 'UPDATE_COMPLETE', template: { Resources: {} }, outputs, tags, resources: new Map(), events: [] }
  aws.account.stacks.set('photos-prod', stack)
  const { stderr } = await (await deployerOf(aws)).deploy(['--param', 'budgetUsd=9'])
  expect(stderr).toContain(`
stage        prod: there since 2026-11-01 (UPDATE_COMPLETE), to be upgraded
             storageClass = DEEP_ARCHIVE (default: INTELLIGENT_TIERING)
             alarmEmail = you@example.com (default: none)
             budgetUsd = 9 (default: 5)
`)
})

test('what cannot be is refused at once, before anything is looked up', async () => {
  const aws = await startFakeAws()
  const { exitCode, stderr } = await (await deployerOf(aws)).deploy(['--yes', '--param', 'storageClass=CHEAP'], noCredentials)
  expect(exitCode).toBe(2)
  expect(stderr).toBe(
    '\nstorageClass cannot be CHEAP\n  It looks like this: STANDARD, STANDARD_IA, INTELLIGENT_TIERING, GLACIER_IR or DEEP_ARCHIVE\n',
  )
  expect(aws.account.parameters.size).toBe(0)
})

test('a stack that can only be removed is told with the command that does it', async () => {
  const aws = await startFakeAws()
  const stack = { template: { Resources: {} }, outputs: {}, tags: { application: 'photos' }, resources: new Map(), events: [] }
  aws.account.stacks.set('photos-trial', { ...stack, status: 'ROLLBACK_COMPLETE', reason: 'something was full' })
  const { exitCode, stderr } = await (await deployerOf(aws)).deploy(['--yes', '--stage', 'trial'])
  expect(exitCode).toBe(1)
  expect(stderr).toBe(`
stack photos-trial is in the state ROLLBACK_COMPLETE, out of which AWS only lets it be removed: something was full
  npm run deploy:remove -- --stage trial
  Then run the same command again. No photo is lost by that: buckets, tables and accounts are kept, and taken in again.
`)
  expect(aws.account.parameters.size).toBe(0)
})

const everywhere = ['--stage', 'trial', '--region', 'eu-west-1', '--profile', 'home']
const homeProfile = '[profile home]\naws_access_key_id = AKIDHOME\naws_secret_access_key = of home\n'

test('every command that is printed carries everything that was typed', async () => {
  const aws = await startFakeAws()
  const anna = await deployerOf(aws, homeProfile)
  const words = [...everywhere, '--param', 'storageClass=GLACIER_IR', '--user', 'anna@example.com']
  const { exitCode, stderr } = await anna.deploy(words)
  expect(exitCode).toBe(2)
  expect(stderr).toContain(`  npm run deploy -- ${words.join(' ')} --yes  does it without asking\n`)
})

test('without a terminal it shows what would go and what would stay, and removes nothing', async () => {
  const aws = await startFakeAws()
  const resources = new Map([
    ['ApiLambdaFunction', { type: 'AWS::Lambda::Function', id: 'photos-trial-api' }],
    ['Queue', { type: 'AWS::SQS::Queue', id: 'https://sqs.eu-west-1.amazonaws.com/123456789012/photos-uploads-trial' }],
    ['Storage', { type: 'AWS::S3::Bucket', id: 'photos-storage-trial-123456789012-eu-west-1' }],
    ['Role', { type: 'AWS::IAM::Role', id: 'photos-trial-role' }],
  ])
  aws.account.buckets.set('photos-storage-trial-123456789012-eu-west-1', new Map())
  const tags = { application: 'photos' }
  const outputs = { Parameters: '{}' }
  aws.account.stacks.set('photos-trial', {
    status: 'CREATE_COMPLETE',
    template: { Resources: {} },
    outputs,
    tags,
    resources,
    events: [],
  })
  const { exitCode, stdout, stderr } = await (await deployerOf(aws, homeProfile)).remove(everywhere)
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toContain(`These go:
  function   photos-trial-api
  queue      photos-uploads-trial
  secret     /photos/trial/auth-secret (with it every sign-in: all devices have to sign in anew)
  1          roles, routes, permissions and other parts of these
These stay, with everything that is in them:
  bucket     photos-storage-trial-123456789012-eu-west-1  0 objects, 0 B

there is no terminal to ask on whether this is right
  npm run deploy:remove -- ${everywhere.join(' ')} --yes  does it without asking
`)
})

test('a second removal says that what it was deployed with is not known any more, and claims to have removed nothing', async () => {
  const aws = await startFakeAws()
  aws.account.buckets.set('photos-storage-prod-123456789012-eu-central-1', new Map())
  const { exitCode, stderr } = await (await deployerOf(aws)).remove(['--yes'])
  expect(exitCode).toBe(0)
  expect(stderr).not.toContain('Removed')
  expect(stderr).toContain(
    'To take them in again: npm run deploy\nWhat it was deployed with is not known any more: give a --param',
  )
  expect(stderr).toContain('aws secretsmanager delete-secret --secret-id photos/prod/google-client-secret --region eu-central-1')
})

test('without a region, who removes is asked where it is deployed', async () => {
  const aws = await startFakeAws()
  const { exitCode, stderr } = await (await deployerOf(aws)).remove(['--stage', 'trial'], { AWS_REGION: undefined })
  expect(exitCode).toBe(1)
  expect(stderr).toContain('no region is set: where is it deployed?\n')
  expect(stderr).toContain('  npm run deploy:remove -- --stage trial --region eu-central-1\n')
})

test.each([
  ['without a region', { AWS_REGION: undefined }],
  ['with keys in the environment', {}],
])('a profile that is not there is told as such, %s', async (_where, environment) => {
  const aws = await startFakeAws()
  const { exitCode, stderr } = await (await deployerOf(aws, homeProfile)).deploy(['--profile', 'nope'], environment)
  expect(exitCode).toBe(1)
  expect(stderr).toBe(
    '\nthere is no profile nope in ~/.aws/config or ~/.aws/credentials\n  There is only home. For instance: npm run deploy -- --profile home\n',
  )
  expect(aws.asked).toEqual([])
})

test('a profile on the command line comes before keys in the environment, without a word of the SDK', async () => {
  const aws = await startFakeAws()
  const { stderr } = await (await typingDeployerOf(aws, homeProfile)).deploy(['--profile', 'home'])
  expect(stderr).toMatch(/^AWS account {2}123456789012/)
  expect(aws.transcript.join('\n')).toContain('AKIDHOME')
  expect(aws.transcript.join('\n')).not.toContain('AKIDEXAMPLE')
})

test('a mistyped parameter is told at once, with the one that is meant', async () => {
  const aws = await startFakeAws()
  const { exitCode, stderr } = await (await deployerOf(aws)).deploy(['--param', 'storageclas=STANDARD'], noCredentials)
  expect(exitCode).toBe(2)
  expect(stderr).toMatch(
    /^\nthere is no parameter storageclas\n {2}Is storageClass meant\? There are storageClass, objectLockDays, /,
  )
  expect(aws.asked).toEqual([])
})
