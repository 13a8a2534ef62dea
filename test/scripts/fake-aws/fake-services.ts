import * as z from 'zod'
import type { AccountState } from './account-state.ts'
import { AwsRefusal } from './aws-answer.ts'

const parameterSchema = z.object({ Name: z.string(), WithDecryption: z.boolean().optional() })
const newParameterSchema = z.object({ Name: z.string(), Value: z.string(), Type: z.string(), Overwrite: z.boolean().optional() })
const tableSchema = z.object({ TableName: z.string() })
const resourceSchema = z.object({ ResourceArn: z.string() })
const poolSchema = z.object({ UserPoolId: z.string() })
const userSchema = z.object({ UserPoolId: z.string(), Username: z.string(), MessageAction: z.string().optional() })

type Operation = (account: AccountState, input: unknown) => unknown

/** SSM, Cognito, DynamoDB, ECR: by the target that their JSON protocol names. */
export const jsonOperations: Readonly<Record<string, Operation>> = {
  'AmazonSSM.GetParameter': ({ parameters }, input) => {
    const { Name, WithDecryption } = parameterSchema.parse(input)
    const found = parameters.get(Name)
    if (found === undefined) throw new AwsRefusal('ParameterNotFound', '')
    return {
      Parameter: {
        Name,
        Type: found.type,
        Value: WithDecryption === true || found.type === 'String' ? found.value : 'AQICAHencrypted',
      },
    }
  },
  'AmazonSSM.PutParameter': ({ parameters }, input) => {
    const { Name, Value, Type, Overwrite } = newParameterSchema.parse(input)
    if (parameters.has(Name) && Overwrite !== true)
      throw new AwsRefusal('ParameterAlreadyExists', 'The parameter already exists.')
    parameters.set(Name, { value: Value, type: Type })
    return { Version: 1 }
  },
  'AmazonSSM.DeleteParameter': ({ parameters }, input) => {
    if (!parameters.delete(parameterSchema.parse(input).Name)) throw new AwsRefusal('ParameterNotFound', '')
    return {}
  },
  'DynamoDB_20120810.DescribeTable': ({ tables, region, accountId }, input) => {
    const { TableName } = tableSchema.parse(input)
    if (!tables.has(TableName))
      throw new AwsRefusal('ResourceNotFoundException', `Requested resource not found: Table: ${TableName}`)
    const TableArn = `arn:aws:dynamodb:${region}:${accountId}:table/${TableName}`
    return { Table: { TableName, TableArn, ItemCount: 1234, TableSizeBytes: 567_890, TableStatus: 'ACTIVE' } }
  },
  'DynamoDB_20120810.ListTagsOfResource': ({ foreign }, input) => {
    const { ResourceArn } = resourceSchema.parse(input)
    return { Tags: foreign.has(ResourceArn.split('/')[1] ?? '') ? [] : [{ Key: 'application', Value: 'photos' }] }
  },
  'AWSCognitoIdentityProviderService.ListUserPools': ({ userPools }) => ({
    UserPools: [...userPools].map(([Id, { name }]) => ({ Id, Name: name })),
  }),
  'AWSCognitoIdentityProviderService.DescribeUserPool': ({ userPools, foreign }, input) => {
    const { UserPoolId } = poolSchema.parse(input)
    const UserPoolTags = foreign.has(UserPoolId) ? {} : { application: 'photos' }
    return { UserPool: { Id: UserPoolId, UserPoolTags, EstimatedNumberOfUsers: userPools.get(UserPoolId)?.users.size ?? 0 } }
  },
  'AWSCognitoIdentityProviderService.AdminCreateUser': ({ userPools }, input) => {
    const { UserPoolId, Username, MessageAction } = userSchema.parse(input)
    const users = userPools.get(UserPoolId)?.users
    if (users === undefined) throw new AwsRefusal('ResourceNotFoundException', `User pool ${UserPoolId} does not exist.`)
    const user = users.get(Username)
    if (user !== undefined && MessageAction !== 'RESEND')
      throw new AwsRefusal('UsernameExistsException', 'User account already exists')
    users.set(Username, { status: 'FORCE_CHANGE_PASSWORD', mails: (user?.mails ?? 0) + 1 })
    return { User: { Username, UserStatus: 'FORCE_CHANGE_PASSWORD' } }
  },
  'AWSCognitoIdentityProviderService.AdminGetUser': ({ userPools }, input) => {
    const { UserPoolId, Username } = userSchema.parse(input)
    return { Username, UserStatus: userPools.get(UserPoolId)?.users.get(Username)?.status }
  },
  'AmazonEC2ContainerRegistry_V20150921.DescribeRepositories': () => {
    throw new AwsRefusal('RepositoryNotFoundException', 'The repository does not exist')
  },
}
