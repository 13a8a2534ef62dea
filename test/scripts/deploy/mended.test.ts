import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { findAccount } from '../../../scripts/deploy/aws-account.js'
import { isKnownName } from '../../../scripts/deploy/check-remote.js'
import { asOnlyRun } from '../../../scripts/deploy/one-run.js'
import { failuresSince, mendStack, requireDeployable, requireUnchanged, settledStack } from '../../../scripts/deploy/stack.js'
import { temporaryFolder } from '../../temporary-folder.ts'
import type { StackState } from '../fake-aws/account-state.ts'
import { startFakeAws } from '../fake-aws/fake-aws.ts'

beforeEach(() => void vi.stubEnv('SLS_AWS_MONITORING_FREQUENCY', '1'))
afterEach(() => void vi.unstubAllEnvs())

const quiet = (): void => {}
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'of the test' }
const clientAt = (endpoint: string): CloudFormationClient =>
  new CloudFormationClient({ region: 'eu-central-1', credentials, endpoint })
const stackIn = (status: string): StackState => ({
  status,
  template: { Resources: {} },
  outputs: {},
  resources: new Map(),
  events: [],
})

test('of two runs in one folder the second is refused, and the next one is not', async () => {
  const file = join(await temporaryFolder(), 'lock')
  await asOnlyRun(async () => {
    await expect(asOnlyRun(async () => 'second', file)).rejects.toThrow(
      `another deployment is at work in this folder (process ${process.pid})`,
    )
  }, file)
  expect(await asOnlyRun(async () => 'next', file)).toBe('next')
})

test('what a run that was ended left in a folder is in nobody’s way', async () => {
  const file = join(await temporaryFolder(), 'lock')
  // No system gives a process such a number.
  await writeFile(file, '4294967290')
  expect(await asOnlyRun(async () => 'done', file)).toBe('done')
})

test('credentials that are about to end are asked for anew, by whoever needs them', async () => {
  const aws = await startFakeAws()
  const folder = await temporaryFolder()
  const program = join(folder, 'sign-in.cjs')
  await writeFile(
    program,
    `const fs = require('node:fs'); fs.appendFileSync(${JSON.stringify(join(folder, 'log'))}, 'x')
const times = fs.readFileSync(${JSON.stringify(join(folder, 'log'))}, 'utf8').length
const Expiration = new Date(Date.now() + 60_000).toISOString()
console.log(JSON.stringify({ Version: 1, AccessKeyId: 'AKID' + times, SecretAccessKey: 's', SessionToken: 't', Expiration }))`,
  )
  await writeFile(
    join(folder, 'config'),
    `[profile home]\nregion = eu-central-1\ncredential_process = "${process.execPath}" "${program}"\n`,
  )
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'))
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'none'))
  vi.stubEnv('AWS_ENDPOINT_URL', aws.url)
  vi.stubEnv('AWS_PROFILE', undefined)
  const account = await findAccount({ script: 'deploy', region: undefined, profile: 'home' })
  const first = await account.credentials()
  const second = await account.credentials()
  expect(second.accessKeyId).not.toBe(first.accessKeyId)
})

test('a stack that another run is about to make is not removed', async () => {
  const aws = await startFakeAws()
  const state = stackIn('REVIEW_IN_PROGRESS')
  aws.account.stacks.set('photos-prod', state)
  const cloudFormation = clientAt(aws.url)
  const stack = await settledStack(cloudFormation, 'photos-prod', quiet)
  const isBegun = (): void => {
    state.status = 'CREATE_IN_PROGRESS'
  }
  await expect(mendStack(cloudFormation, stack, isBegun)).rejects.toThrow('another run is deploying stack photos-prod')
  expect(aws.asked).not.toContain('CloudFormation DeleteStack')
})

test('a stack that another run has changed since it was shown is not deployed to', async () => {
  const aws = await startFakeAws()
  aws.account.stacks.set('photos-prod', stackIn('CREATE_COMPLETE'))
  const shown = await settledStack(clientAt(aws.url), 'photos-prod', quiet)
  await requireUnchanged(clientAt(aws.url), 'photos-prod', shown)
  aws.account.stacks.set('photos-prod', stackIn('UPDATE_COMPLETE'))
  await expect(requireUnchanged(clientAt(aws.url), 'photos-prod', shown)).rejects.toThrow(
    'another run has changed stack photos-prod',
  )
})

test('the first failure is found behind a page of others', async () => {
  const aws = await startFakeAws()
  const state = stackIn('UPDATE_ROLLBACK_COMPLETE')
  const event = { type: 'AWS::SQS::Queue', status: 'DELETE_COMPLETE' }
  state.events.push(...Array.from({ length: 150 }, (_, index) => ({ ...event, logicalId: `Queue${index}` })))
  state.events.push({ logicalId: 'Pool', type: 'AWS::Cognito::UserPool', status: 'CREATE_FAILED', reason: 'it is full' })
  aws.account.stacks.set('photos-prod', state)
  expect(await failuresSince(clientAt(aws.url), 'photos-prod', new Date(0))).toEqual([
    'Pool (AWS::Cognito::UserPool): it is full',
  ])
})

test('an import that could not be taken back is told with what removes it', () => {
  const stack = {
    name: 'photos-prod',
    status: 'IMPORT_ROLLBACK_FAILED',
    reason: '',
    changedAt: undefined,
    outputs: {},
    tags: {},
    parameters: undefined,
  }
  expect(() => requireDeployable(stack, { continueRollback: false })).toThrow('out of which AWS only lets it be removed')
})

test('a name of one’s own that is in no DNS yet is told from one that is', async () => {
  expect(await isKnownName('photos.example.org', () => Promise.reject(new Error('ENOTFOUND')))).toBe(false)
  expect(await isKnownName('photos.example.org', () => Promise.resolve({ address: '192.0.2.1' }))).toBe(true)
})
