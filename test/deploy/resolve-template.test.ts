import { describe, expect, test } from 'vitest'
import { type Placement, resolveTemplate } from './resolve-template.ts'

const placement: Placement = { partition: 'aws', accountId: '111122223333', region: 'eu-central-1', stackName: 'photos-dev' }

const template = {
  Parameters: { Stage: { Default: 'dev' } },
  Conditions: {
    IsDev: { 'Fn::Equals': [{ Ref: 'Stage' }, 'dev'] },
    IsNot: { 'Fn::Not': [{ Condition: 'IsDev' }] },
    Both: { 'Fn::And': [{ Condition: 'IsDev' }, { Condition: 'IsNot' }] },
    Either: { 'Fn::Or': [{ Condition: 'IsDev' }, { Condition: 'IsNot' }] },
  },
  Resources: {
    Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: { 'Fn::Sub': 'photos-${Stage}-${AWS::AccountId}' } } },
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'uploads' } },
    Pool: { Type: 'AWS::Cognito::UserPool' },
    Absent: { Type: 'AWS::SQS::Queue', Condition: 'IsNot' },
    Subject: { Type: 'Subject', Properties: {} },
  },
}

function resolved(value: unknown): unknown {
  const subject = { Type: 'Subject', Properties: { value } }
  return resolveTemplate({ ...template, Resources: { ...template.Resources, Subject: subject } }, placement).resource('Subject')
    .properties['value']
}

describe('what CloudFormation makes of', () => {
  test.each([
    ['a parameter', { Ref: 'Stage' }, 'dev'],
    ['a pseudo parameter', { Ref: 'AWS::Region' }, 'eu-central-1'],
    ['a bucket', { Ref: 'Bucket' }, 'photos-dev-111122223333'],
    ['a queue', { Ref: 'Queue' }, 'https://sqs.eu-central-1.amazonaws.com/111122223333/uploads'],
    ['an ARN', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:aws:sqs:eu-central-1:111122223333:uploads'],
    ['an ARN with a dot', { 'Fn::GetAtt': 'Bucket.Arn' }, 'arn:aws:s3:::photos-dev-111122223333'],
    ['an ARN in a text', { 'Fn::Sub': '${Bucket.Arn}/originals/*' }, 'arn:aws:s3:::photos-dev-111122223333/originals/*'],
    [
      'the issuer of a pool',
      { 'Fn::GetAtt': ['Pool', 'ProviderName'] },
      'cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Pool',
    ],
    ['IAM’s own variable', { 'Fn::Sub': 'originals/${!aws:PrincipalTag/owner}/*' }, 'originals/${aws:PrincipalTag/owner}/*'],
    ['a variable of the text', { 'Fn::Sub': ['${Name}.${Stage}', { Name: { Ref: 'Stage' } }] }, 'dev.dev'],
    ['a list', { 'Fn::Join': ['/', ['a', { Ref: 'Stage' }, 'b']] }, 'a/dev/b'],
    ['a part', { 'Fn::Select': [1, { 'Fn::Split': ['-', { Ref: 'AWS::Region' }] }] }, 'central'],
    ['a condition that holds', { 'Fn::If': ['Either', 'yes', 'no'] }, 'yes'],
    ['a condition that does not', { 'Fn::If': ['Both', 'yes', 'no'] }, 'no'],
    ['nothing in a list', ['a', { Ref: 'AWS::NoValue' }, 'b'], ['a', 'b']],
    ['nothing in an object', { a: 1, b: { 'Fn::If': ['IsNot', 2, { Ref: 'AWS::NoValue' }] } }, { a: 1 }],
    ['a statement’s condition', { Condition: { Bool: { a: 'false' } } }, { Condition: { Bool: { a: 'false' } } }],
  ])('%s', (_what, value, expected) => {
    expect(resolved(value)).toEqual(expected)
  })

  test('a resource whose condition does not hold', () => {
    const queues = resolveTemplate(template, placement).resourcesOf('AWS::SQS::Queue')
    expect(queues.map(({ logicalId }) => logicalId)).toEqual(['Queue'])
  })

  test.each([
    ['a function that is not known here', { 'Fn::ImportValue': 'elsewhere' }],
    ['a resource that is not there', { Ref: 'Elsewhere' }],
    ['an attribute that is not known here', { 'Fn::GetAtt': ['Pool', 'ProviderURL'] }],
    ['nothing where a text has to be', { 'Fn::Sub': ['${Name}', { Name: { Ref: 'AWS::NoValue' } }] }],
  ])('%s: an error, so that no test passes on it', (_what, value) => {
    expect(() => resolved(value)).toThrow()
  })
})
