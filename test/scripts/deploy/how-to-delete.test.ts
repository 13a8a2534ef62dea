import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { howToDelete } from '../../../scripts/deploy/how-to-delete.js'
import { temporaryFolder } from '../../temporary-folder.ts'
import { type Finished, follow } from '../../whole-path/photos-process.ts'

const kept = [
  { type: 'AWS::S3::Bucket', name: 'photos-storage', id: 'photos-storage', holds: '', locked: true },
  { type: 'AWS::S3::Bucket', name: 'photos-uploads', id: 'photos-uploads', holds: '' },
  { type: 'AWS::DynamoDB::Table', name: 'photos-index-prod', id: 'photos-index-prod', holds: '' },
  { type: 'AWS::Cognito::UserPool', name: 'photos-prod', id: 'eu-central-1_abc', holds: '' },
] as const
const place = { accountId: '123456789012', region: 'eu-central-1' }
const beside = {
  profile: 'my home',
  googleSecret: 'photos/prod/google-client-secret',
  certificateArn: undefined,
  chosenParameter: '/photos/prod/parameters',
}

/** As much of the AWS CLI as is typed: a bucket is full until something was deleted from it. */
const awsCommand = `#!/bin/sh
echo "$AWS_PROFILE $AWS_REGION: $*" >> "$LOG"
case "$1 $2" in
  'sts get-caller-identity') echo "$ACCOUNT" ;;
  's3api list-object-versions') if [ -e "$LOG.$4" ]; then echo '{"Objects": []}'; else echo '{"Objects": [{"Key": "a", "VersionId": "1"}]}'; fi ;;
  's3api delete-objects') if [ "$REFUSES" ]; then echo '[{"Key": "a", "Code": "AccessDenied", "Message": "WORM"}]'; else touch "$LOG.$4"; echo null; fi ;;
  "$FAILS") exit 254 ;;
esac
`

/** What was typed into a shell that goes on after it, as a person's does. */
async function typed(environment: Readonly<Record<string, string>>): Promise<Finished & { readonly asked: readonly string[] }> {
  const folder = await temporaryFolder()
  const log = join(folder, 'log')
  await writeFile(join(folder, 'aws'), awsCommand, { mode: 0o755 })
  const env = { PATH: `${folder}:${process.env['PATH']}`, LOG: log, ACCOUNT: place.accountId, ...environment }
  const script = howToDelete(kept, place, beside)
  const finished = await follow(spawn('sh', ['-c', script], { cwd: folder, env, timeout: 20_000 })).finished
  return { ...finished, asked: (await readFile(log, 'utf8')).trimEnd().split('\n') }
}

const words = (asked: readonly string[]): readonly string[] =>
  asked.map((line) => line.split(': ')[1]?.split(' ').slice(0, 2).join(' ') ?? '')

test('everything is deleted, photos first, as whom it was deployed', async () => {
  const { exitCode, asked } = await typed({})
  expect(exitCode).toBe(0)
  const emptied = ['s3api list-object-versions', 's3api delete-objects', 's3api list-object-versions', 's3api delete-bucket']
  expect(words(asked)).toEqual([
    'sts get-caller-identity',
    ...emptied,
    ...emptied,
    'dynamodb delete-table',
    'cognito-idp update-user-pool',
    'cognito-idp delete-user-pool',
    'secretsmanager delete-secret',
    'ssm delete-parameter',
  ])
  expect(asked.filter((line) => !line.startsWith('my home eu-central-1: '))).toEqual([])
  const deletions = asked.filter((line) => line.includes('delete-objects'))
  expect(deletions.map((line) => line.includes('--bypass-governance-retention'))).toEqual([true, false])
})

test('what S3 refuses to delete is shown, and ends it before anything else is deleted', async () => {
  const { exitCode, stdout, asked } = await typed({ REFUSES: 'yes' })
  expect(exitCode).toBe(1)
  expect(stdout).toContain('"Message": "WORM"')
  expect(stdout).toContain('photos-storage is not empty: nothing else was deleted\n')
  expect(words(asked)).toEqual(['sts get-caller-identity', 's3api list-object-versions', 's3api delete-objects'])
})

test.each(['s3api delete-bucket', 'dynamodb delete-table'])('where %s fails, nothing of the rest is deleted', async (command) => {
  const { exitCode, asked } = await typed({ FAILS: command })
  expect(exitCode).toBe(254)
  expect(words(asked).at(-1)).toBe(command)
})

test('in another account nothing is deleted', async () => {
  const { exitCode, asked } = await typed({ ACCOUNT: '210987654321' })
  expect(exitCode).toBe(1)
  expect(words(asked)).toEqual(['sts get-caller-identity'])
})
