import type { Agent } from 'node:http'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { S3Client } from '@aws-sdk/client-s3'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { Environment } from './environment.ts'

// The CLI runs these clients on Node 20 with a lockfile that holds the last SDK releases made for it: the SDK's warning
// about later releases would only frighten users.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true'

/** Where AWS's own credentials and connections are not to be used. */
export interface ClientOverrides {
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** For a DynamoDB that listens on a socket of the file system. */
  readonly dynamoDbAgent?: Agent
}

/**
 * With credentials of our own the services are our own as well: what this machine's AWS variables and profiles say for other uses
 * has no say here. In a deployment they are how AWS configures a function.
 */
export const ownServices = {
  maxAttempts: 3,
  retryMode: 'standard',
  defaultsMode: 'standard',
  useFipsEndpoint: false,
  useDualstackEndpoint: false,
  authSchemePreference: async (): Promise<string[]> => [],
  userAgentAppId: async () => undefined,
} as const

/** A client for objects, and for presigning: it never adds a checksum that the caller did not ask for (see docs/s3-differences.md). */
export function createS3Client(environment: Environment, overrides: ClientOverrides): S3Client {
  return new S3Client({
    region: environment.region,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(environment.s3Endpoint !== undefined && { endpoint: environment.s3Endpoint, forcePathStyle: true }),
    ...(overrides.credentials && { ...ownServices, credentials: overrides.credentials }),
  })
}

/** For the index and for the auth table alike. */
export function createDynamoDbClient(
  environment: Pick<Environment, 'region' | 'dynamoDbEndpoint'>,
  overrides: ClientOverrides,
): DynamoDBDocumentClient {
  const client = new DynamoDBClient({
    region: environment.region,
    ...(environment.dynamoDbEndpoint !== undefined && { endpoint: environment.dynamoDbEndpoint }),
    ...(overrides.credentials && { ...ownServices, credentials: overrides.credentials, accountIdEndpointMode: 'disabled' }),
    ...(overrides.dynamoDbAgent && { requestHandler: new NodeHttpHandler({ httpAgent: overrides.dynamoDbAgent }) }),
  })
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } })
}
