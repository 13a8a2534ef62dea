import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse, request as sendRequest } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { onTestFinished } from 'vitest'
import { openDynamoDb } from '../../embedded/dynamodb.ts'
import { openS3 } from '../../embedded/s3/open-s3.ts'
import { authTableDefinition } from '../../lambda/aws/auth-table.ts'
import { indexTableDefinition } from '../../lambda/aws/index-table.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const region = 'us-east-1'
const uploadBucket = 'photos-uploads-test-123456789012-us-east-1'
const storageBucket = 'photos-storage-test-123456789012-us-east-1'
const credentials = {
  accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: 'session-of-a-role',
}
const authSecretParameter = '/photos/test/auth-secret'

/** AWS as functions reach it, on one port of this machine: S3, DynamoDB with both tables, and the parameter store. */
export interface ServicesInTest {
  readonly url: string
  readonly clientId: string
  /** Of the functions' roles: temporary ones, as Lambda gives them. */
  readonly credentials: typeof credentials
  /** The variables of a function's process: those of the template, and those that Lambda and this stand-in add. */
  readonly variables: Readonly<Record<string, string>>
}

/** In a temporary folder. Closed when the test has finished. */
export async function openServicesInTest(): Promise<ServicesInTest> {
  const folder = await temporaryFolder()
  const dynamoDb = await openDynamoDb(join(folder, 'dynamodb'), region)
  onTestFinished(() => dynamoDb.close())
  await dynamoDb.ensureTable(indexTableDefinition('photos-index'))
  await dynamoDb.ensureTable(authTableDefinition('photos-auth'))
  const s3 = await openS3({
    region,
    buckets: { [uploadBucket]: join(folder, 'uploads'), [storageBucket]: join(folder, 'storage') },
    metadataFolder: join(folder, 's3'),
    findCredentials: (accessKeyId) => (accessKeyId === credentials.accessKeyId ? credentials : undefined),
    onObjectCreated: () => {},
  })
  onTestFinished(() => s3.close())

  const toDynamoDb = async (request: IncomingMessage, response: ServerResponse) => {
    const { method, url: path, headers } = request
    const forwarded = sendRequest({ agent: dynamoDb.agent, method, path, headers })
    const [[answer]] = await Promise.all([once(forwarded, 'response'), pipeline(request, forwarded)])
    response.writeHead(answer.statusCode, answer.headers)
    await pipeline(answer, response)
  }
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    const target = String(request.headers['x-amz-target'] ?? '')
    if (target.startsWith('DynamoDB_')) void toDynamoDb(request, response)
    else if (target === 'AmazonSSM.GetParameter') void answerParameter(request, response)
    else void s3.handle(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = `http://127.0.0.1:${address.port}`
  return { url, clientId, credentials, variables: variablesFor(url) }
}

/** Cognito's shape. */
const clientId = '1h57kf5cpq17m0eml12example'

function variablesFor(url: string): Record<string, string> {
  return {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_ENDPOINT_URL_S3: url,
    AWS_ENDPOINT_URL_DYNAMODB: url,
    AWS_ENDPOINT_URL_SSM: url,
    PHOTOS_REMOTE_ID: '0b5b1c4e-6f0a-4c62-9d5e-0f4f0f7a5c11',
    PHOTOS_UPLOAD_BUCKET: uploadBucket,
    PHOTOS_STORAGE_BUCKET: storageBucket,
    PHOTOS_STORAGE_CLASS: 'INTELLIGENT_TIERING',
    PHOTOS_INDEX_TABLE: 'photos-index',
    PHOTOS_AUTH_TABLE: 'photos-auth',
    PHOTOS_AUTH_SECRET_PARAMETER: authSecretParameter,
    PHOTOS_ISSUER: `https://cognito-idp.${region}.amazonaws.com/${region}_EXAMPLE01`,
    PHOTOS_CLIENT_ID: clientId,
    PHOTOS_IDENTITY_POOL_ID: `${region}:0f6f2c0b-4f2e-4a3b-9d6a-3c1b7a5d9e10`,
    PHOTOS_SIGN_IN_URL: `https://photos-test.auth.${region}.amazoncognito.com`,
  }
}

/** Source: AWS Systems Manager API Reference, "GetParameter". */
async function answerParameter(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = JSON.parse(Buffer.concat(await request.toArray()).toString())
  const isRight = asked.Name === authSecretParameter && asked.WithDecryption === true
  const Parameter = { Name: authSecretParameter, Type: 'SecureString', Value: Buffer.alloc(32, 7).toString('base64'), Version: 1 }
  response.writeHead(isRight ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' })
  response.end(JSON.stringify(isRight ? { Parameter } : { __type: 'ParameterNotFound' }))
}
