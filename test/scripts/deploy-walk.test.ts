import { expect, test } from 'vitest'
import { projectCopy, typingDeployerOf } from './deployer.ts'
import { startFakeAws } from './fake-aws/fake-aws.ts'

const storageBucket = 'photos-storage-prod-123456789012-eu-central-1'

/** One walk with Serverless Framework itself, since packaging takes its time: an account from nothing to nothing. */
test('deploy, remove, deploy again: what was backed up is there again, and so is who backed it up', async () => {
  const aws = await startFakeAws()
  const anna = await typingDeployerOf(aws, '', await projectCopy())
  const { account } = aws

  const first = await anna.deploy(['--yes', '--param', 'storageClass=GLACIER_IR', '--user', 'anna@example.com'])
  expect(first, first.stderr).toMatchObject({ exitCode: 0, stdout: `photos login ${aws.url}\n` })
  expect(first.stderr).toContain(
    'anna@example.com is sent a mail, from no-reply@verificationemail.com, with a temporary password',
  )
  const [poolId = ''] = account.userPools.keys()
  expect(account.userPools.get(poolId)?.users).toEqual(
    new Map([['anna@example.com', { status: 'FORCE_CHANGE_PASSWORD', mails: 1 }]]),
  )
  const secret = account.parameters.get('/photos/prod/auth-secret')
  expect(first.stderr).toContain(
    'no alarmEmail: nobody is told when something fails, and there is no budget: npm run deploy -- --param',
  )
  expect(secret?.type).toBe('SecureString')
  expect(Buffer.from(secret?.value ?? '', 'base64')).toHaveLength(32)
  expect(first.stdout + first.stderr).not.toContain(secret?.value)
  expect(JSON.stringify([...account.stacks])).not.toContain(secret?.value)

  account.buckets.get(storageBucket)?.set('originals/anna/1.jpg', Buffer.alloc(4_000_000))
  const removal = await anna.remove(['--yes'])
  expect(removal.exitCode, removal.stderr).toBe(0)
  expect(removal.stderr).toContain(`bucket     ${storageBucket}`)
  expect(removal.stderr).toContain('1 objects, 4.0 MB')
  expect(removal.stderr).toMatch(/^These go:\n {2}function {3}physical-AdmitSignUpLambdaFunction, .*\n {2}API/m)
  expect(removal.stderr).toContain('with what it was deployed with: npm run deploy -- --param storageClass=GLACIER_IR\n')
  expect(removal.stdout).toContain(`aws s3api delete-bucket --bucket ${storageBucket}\n`)
  expect(removal.stdout).toContain(`aws cognito-idp delete-user-pool --user-pool-id ${poolId}\n`)
  expect([...account.stacks.keys(), ...account.parameters.keys()]).toEqual(['/photos/prod/parameters'])
  expect(account.buckets.get(storageBucket)?.size).toBe(1)

  const again = await anna.deploy(['--yes', '--user', 'anna@example.com'])
  expect(again, again.stderr).toMatchObject({ exitCode: 0, stdout: `photos login ${aws.url}\n` })
  // What was chosen outlives the stack.
  expect(again.stderr).toContain('storageClass = GLACIER_IR')
  expect(again.stderr).toContain('An earlier deployment left these; they are taken in again')
  expect(again.stderr).toContain('anna@example.com is sent a mail again')
  expect([...account.userPools.keys()]).toEqual([poolId])
  expect(account.buckets.get(storageBucket)?.size).toBe(1)
  const owned = [...(account.stacks.get('photos-prod')?.resources.values() ?? [])].map(({ id }) => id)
  expect(owned).toEqual(expect.arrayContaining([storageBucket, poolId]))
}, 240_000)
