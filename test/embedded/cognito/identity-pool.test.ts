import { CognitoIdentityClient, GetCredentialsForIdentityCommand, GetIdCommand } from '@aws-sdk/client-cognito-identity'
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { remoteConfigurationSchema } from '../../../contract/remote-configuration.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { type LibraryInTest, openLibraryInTest } from '../library-in-test.ts'

const hourMs = 3_600_000

test('an ID token becomes credentials that read the owner’s originals and nothing else, also after a restart', async () => {
  const folder = await temporaryFolder()
  const first = await openLibraryInTest(folder)
  const { owner } = first.backend.identity
  const everything = s3Of(first, first.backend.identity)
  for (const Key of [`originals/${owner}/mine.jpg`, 'originals/somebody/theirs.jpg', `renditions/${owner}/x`]) {
    await everything.send(new PutObjectCommand({ Bucket: 'photos-storage', Key, Body: 'bytes' }))
  }
  const credentials = await credentialsOf(first, await first.backend.idToken())
  await first.close()

  const second = await openLibraryInTest(folder)
  const client = s3Of(second, credentials)
  const read = (Key: string, Bucket = 'photos-storage') => client.send(new GetObjectCommand({ Bucket, Key }))
  expect(await (await read(`originals/${owner}/mine.jpg`)).Body?.transformToString()).toBe('bytes')
  const denied = { name: 'AccessDenied' }
  await expect(read('originals/somebody/theirs.jpg')).rejects.toMatchObject(denied)
  await expect(read(`originals/${owner}`)).rejects.toMatchObject(denied)
  await expect(read(`renditions/${owner}/x`)).rejects.toMatchObject(denied)
  await expect(read(`originals/${owner}/mine.jpg`, 'photos-uploads')).rejects.toMatchObject(denied)
  const list = new ListObjectsV2Command({ Bucket: 'photos-storage', Prefix: `originals/${owner}/` })
  await expect(client.send(list)).rejects.toMatchObject(denied)
  const put = new PutObjectCommand({ Bucket: 'photos-storage', Key: `originals/${owner}/new.jpg`, Body: 'x' })
  await expect(client.send(put)).rejects.toMatchObject(denied)
})

test('credentials end after an hour, and do not work with a session token that was changed', async () => {
  let now = Date.now()
  const library = await openLibraryInTest(await temporaryFolder(), { now: () => new Date(now) })
  const { owner } = library.backend.identity
  const Key = `originals/${owner}/mine.jpg`
  await s3Of(library, library.backend.identity).send(new PutObjectCommand({ Bucket: 'photos-storage', Key, Body: 'bytes' }))
  const credentials = await credentialsOf(library, await library.backend.idToken())
  const get = (given: typeof credentials) =>
    s3Of(library, given, now - Date.now()).send(new GetObjectCommand({ Bucket: 'photos-storage', Key }))
  await expect(get(credentials)).resolves.toMatchObject({ ContentLength: 5 })

  const [claims = ''] = credentials.sessionToken.split('.')
  const forged = Buffer.from(Buffer.from(claims, 'base64url').toString().replace(owner, 'somebody')).toString('base64url')
  const changed = credentials.sessionToken.replace(claims, forged)
  for (const sessionToken of [changed, claims, `${credentials.sessionToken}.`, '']) {
    const refusal = await get({ ...credentials, sessionToken }).catch((error: Error) => error.name)
    expect(['InvalidAccessKeyId', 'InvalidToken']).toContain(refusal)
  }

  now += hourMs
  await expect(get(credentials)).rejects.toMatchObject({ name: 'ExpiredToken' })
})

test('no other token is taken, and no other identity or pool', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const stranger = await openLibraryInTest(await temporaryFolder())
  const idToken = await library.backend.idToken()
  const refused = { name: 'NotAuthorizedException' }
  await expect(credentialsOf(library, await library.backend.accessToken())).rejects.toMatchObject(refused)
  await expect(credentialsOf(library, await stranger.backend.idToken())).rejects.toMatchObject(refused)
  await expect(credentialsOf(library, idToken.slice(0, -3))).rejects.toMatchObject(refused)
  const client = identityClientOf(library)
  await expect(client.send(new GetIdCommand({ IdentityPoolId: 'us-east-1:other' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  })
  const { issuer } = await configurationOf(library)
  const Logins = { [issuer.slice('https://'.length)]: idToken }
  const command = new GetCredentialsForIdentityCommand({ IdentityId: 'us-east-1:other', Logins })
  await expect(client.send(command)).rejects.toMatchObject(refused)
})

test('a call that the product does not make is refused by name', async () => {
  const { backend } = await openLibraryInTest(await temporaryFolder())
  const call = (target: string, body = '{}') => fetch(backend.url, { method: 'POST', headers: { 'x-amz-target': target }, body })
  const unknown = await call('AWSCognitoIdentityService.DeleteIdentities')
  expect([unknown.status, await unknown.json()]).toMatchObject([400, { __type: 'UnknownOperationException' }])
  for (const body of ['{', 'null', '[]', '{"IdentityPoolId":3}', `"${'x'.repeat(100_000)}"`]) {
    expect((await call('AWSCognitoIdentityService.GetId', body)).status).toBe(400)
  }
  expect((await call('constructor')).status).toBe(400)
})

async function configurationOf({ backend }: LibraryInTest) {
  return remoteConfigurationSchema.parse(await (await fetch(`${backend.url}/.well-known/photos.json`)).json())
}

function identityClientOf({ backend }: LibraryInTest): CognitoIdentityClient {
  const credentials = { accessKeyId: 'none', secretAccessKey: 'none' }
  return new CognitoIdentityClient({ region: 'us-east-1', endpoint: backend.url, maxAttempts: 1, credentials })
}

async function credentialsOf(library: LibraryInTest, idToken: string) {
  const client = identityClientOf(library)
  const { issuer, identityPoolId } = await configurationOf(library)
  const Logins = { [issuer.slice('https://'.length)]: idToken }
  const { IdentityId } = await client.send(new GetIdCommand({ IdentityPoolId: identityPoolId, Logins }))
  const { Credentials } = await client.send(new GetCredentialsForIdentityCommand({ IdentityId, Logins }))
  const { AccessKeyId = '', SecretKey = '', SessionToken = '' } = Credentials ?? {}
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretKey, sessionToken: SessionToken }
}

function s3Of(
  { backend }: LibraryInTest,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
  systemClockOffset = 0,
): S3Client {
  return new S3Client({
    region: 'us-east-1',
    endpoint: backend.url,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials,
    systemClockOffset,
  })
}
