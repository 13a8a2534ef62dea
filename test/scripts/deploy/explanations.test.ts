import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { explainAwsFailure } from '../../../scripts/deploy/aws-failures.js'
import { parseDeploy } from '../../../scripts/deploy/command-line.js'
import { commandsOf } from '../../../scripts/deploy/commands.js'
import { DeployFailure, nextOf, UsageFailure } from '../../../scripts/deploy/deploy-failure.js'
import { explainDeployment } from '../../../scripts/deploy/explain-deployment.js'
import { chosen, settingsOf } from '../../../scripts/deploy/settings.js'
import { requireDeployable } from '../../../scripts/deploy/stack.js'

const commands = commandsOf(parseDeploy([]))

const isSaid = (next: DeployFailure['next']): boolean => /\S/.test(nextOf(next, commands))

const named = (name: string, message: string, rest: object = {}): Error => Object.assign(new Error(message), { name, ...rest })

test.each([
  [
    'InvalidClientTokenId',
    'The security token included in the request is invalid.',
    'AWS does not know these credentials, or region',
  ],
  ['SignatureDoesNotMatch', 'Signature expired: 20261122T100000Z is now earlier than …', "this machine's clock is wrong"],
  ['SignatureDoesNotMatch', 'The request signature we calculated does not match the …', 'the secret access key is not the one'],
  [
    'CredentialsProviderError',
    'The SSO session associated with this profile has expired.',
    'your sign-in to AWS (IAM Identity Center)',
  ],
  ['CredentialsProviderError', 'Could not resolve credentials using profile: [home]', 'the profile cannot be used'],
  ['CredentialsProviderError', 'Could not load credentials from any providers', 'no credentials for AWS were found'],
  [
    'CredentialsProviderError',
    'Your session has expired. Please reauthenticate using aws login.',
    'your sign-in to AWS has ended',
  ],
  [
    'AccessDeniedException',
    'User: arn:x is not authorized to perform: ssm:PutParameter on resource: arn:y because …',
    'ssm:PutParameter on arn:y',
  ],
  ['ThrottlingException', 'Rate exceeded', 'because a limit is reached'],
])('%s (%s) is explained', (name, message, told) => {
  const explained = explainAwsFailure(named(name, message), { doing: 'try', region: 'eu-central-1' })
  expect(explained).toBeInstanceOf(DeployFailure)
  expect(explained).toMatchObject({ message: expect.stringContaining(told), next: expect.toSatisfy(isSaid) })
})

test('what the network says is found below what the SDK says', () => {
  const below = named('Error', 'getaddrinfo ENOTFOUND sts.eu-north-9.amazonaws.com', { code: 'ENOTFOUND' })
  const explained = explainAwsFailure(new Error('request failed', { cause: below }), { doing: 'try', region: 'eu-north-9' })
  expect(explained).toMatchObject({ message: 'AWS cannot be reached in eu-north-9' })
})

test('a bug is left as it is', () => {
  const bug = new TypeError('undefined is not a function')
  expect(explainAwsFailure(bug, { doing: 'try' })).toBe(bug)
})

test.each([
  [
    'SignInDomain (AWS::Cognito::UserPoolDomain): Domain already associated with another user pool. (Service: …)',
    'signInDomainPrefix=',
  ],
  ['Api (AWS::ApiGatewayV2::DomainName): The provided certificate does not exist.', 'Certificate Manager'],
  ['StorageBucket (AWS::S3::Bucket): photos-storage-1 already exists', 'takes in what an earlier deployment left'],
  ['Role (AWS::IAM::Role): User: arn:x is not authorized to perform: iam:CreateRole on resource: arn:y', 'AdministratorAccess'],
  ['Bucket (AWS::S3::Bucket): something that nobody has seen yet', 'when that is mended'],
])('%s is explained', (failure, next) => {
  const after = { status: 'UPDATE_ROLLBACK_COMPLETE', hasTakenIn: false }
  const explained = explainDeployment([failure], new DeployFailure('serverless deploy failed', ''), after)
  expect(explained.message).toContain(`:\n  ${failure}`)
  expect(nextOf(explained.next, commands)).toContain(next)
  expect(nextOf(explained.next, commands)).toMatch(/\nEverything is as it was before\.$/)
})

test.each([
  ['UPDATE_ROLLBACK_COMPLETE', true, 'belongs to the stack now'],
  ['UPDATE_ROLLBACK_FAILED', false, '--continue-rollback'],
  ['ROLLBACK_COMPLETE', false, 'npm run deploy:remove'],
  ['UPDATE_IN_PROGRESS', false, undefined],
  [undefined, false, undefined],
])('after a failure that left the stack in %s, nobody says that everything is as it was before', (status, hasTakenIn, told) => {
  const explained = explainDeployment(['Bucket: full'], new DeployFailure('failed', ''), { status, hasTakenIn })
  const next = nextOf(explained.next, commands).replaceAll('\u00a0', ' ')
  expect(next).toContain(told ?? 'when that is mended.')
  expect(next).not.toContain('as it was before.')
})

test.each([
  [['--stage', 'Prod 1'], 'Prod 1 is no stage'],
  [['--region', 'frankfurt'], 'frankfurt is no region of AWS'],
  [['--user', 'anna'], 'anna is no email address'],
  [['--param', 'alarmEmail'], '--param alarmEmail has no name and value'],
  [['--param', 'storageclass=STANDARD'], 'there is no parameter storageclass'],
  [['--param', 'storageClass=CHEAP'], 'storageClass cannot be CHEAP'],
  [['--param', 'objectLockDays=99999'], 'objectLockDays cannot be 99999'],
  [['--param', 'signInDomainPrefix=my-aws-photos'], 'signInDomainPrefix cannot be my-aws-photos'],
  [['--storage-class', 'STANDARD'], "Unknown option '--storage-class'"],
])('%j is a wrong command line', (words, told) => {
  expect(() => parseDeploy(words)).toThrow(expect.objectContaining({ constructor: UsageFailure, message: told }))
})

const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/1234'

test.each([
  [{ domainName: 'photos.example.org' }, 'domainName needs certificateArn'],
  [{ googleClientId: '1-a.apps.googleusercontent.com' }, 'googleClientId needs googleEmails'],
  [{ certificateArn }, 'certificateArn needs domainName'],
  [
    { domainName: 'photos.example.org', certificateArn },
    'the certificate is in us-east-1, but photos.example.org is deployed to eu-central-1: API Gateway takes only certificates of its own region',
  ],
])('%j cannot be deployed with', (typed, told) => {
  expect(() => settingsOf(typed, {}, 'eu-central-1')).toThrow(
    expect.objectContaining({ constructor: UsageFailure, message: told }),
  )
})

test('what is typed counts, else what was deployed, else the default; nothing typed goes back to it', () => {
  const deployed = { storageClass: 'DEEP_ARCHIVE', alarmEmail: 'you@example.com', budgetUsd: '9', ofAnOlderVersion: 'x' }
  expect(chosen(settingsOf({ budgetUsd: '12', alarmEmail: '' }, deployed, 'eu-central-1'))).toEqual([
    ['storageClass', 'DEEP_ARCHIVE'],
    ['budgetUsd', '12'],
  ])
})

test.each([
  ['DELETE_FAILED', false, 'npm run deploy:remove -- --stage trial\n'],
  ['UPDATE_ROLLBACK_FAILED', false, 'npm run deploy -- --stage trial --continue-rollback\n'],
  ['UPDATE_ROLLBACK_FAILED', true, undefined],
  ['UPDATE_ROLLBACK_COMPLETE', false, undefined],
])('a stack in the state %s, asked to go on with going back: %s', (status, continueRollback, next) => {
  const stack = { name: 'photos-trial', status, reason: '', changedAt: undefined, outputs: {}, tags: {}, parameters: {} }
  const act = (): void => requireDeployable(stack, { continueRollback })
  const typed = commandsOf(parseDeploy(['--stage', 'trial']))
  const isTold = (told: DeployFailure['next']): boolean =>
    nextOf(told, typed)
      .replaceAll('\u00a0', ' ')
      .includes(next ?? '')
  if (next === undefined) expect(act).not.toThrow()
  else expect(act).toThrow(expect.objectContaining({ next: expect.toSatisfy(isTold) }))
})

/** As Markdown, without what follows it. */
const tableOf = (page: string, heading: string): string => page.split(`\n| ${heading} |`)[1]?.split('\n\n')[0] ?? ''

test('docs/deploy.md names every parameter, and what it is by default', async () => {
  const page = await readFile(new URL('../../../docs/deploy.md', import.meta.url), 'utf8')
  const table = new Map(
    [...tableOf(page, 'parameter').matchAll(/^\| (`[a-z]\w+`(?:, `[a-z]\w+`)*) \| ([^|]+) \|/gm)].flatMap(
      ([, names = '', preset = '']) =>
        names.split(', ').map((name): [string, string] => [name.replaceAll('`', ''), preset.trim()]),
    ),
  )
  const defaults = Object.entries(settingsOf({}, {}, 'eu-central-1'))
  expect(Object.fromEntries(table)).toEqual(
    Object.fromEntries(
      defaults.map(([name, preset]) => [name, expect.stringMatching(preset === '' ? /^(none|made from)/ : `^\`${preset}\``)]),
    ),
  )
})
