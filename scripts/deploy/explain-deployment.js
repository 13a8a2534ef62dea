import { DeployFailure } from './deploy-failure.js'

/**
 * @typedef {{ pattern: RegExp, message: string, next: string }} Explanation
 */

/**
 * What resources of the stack fail with, and what that means. The first that fits counts.
 * Sources: what AWS answered others, in the issues of aws/aws-cdk, serverless/serverless and aws-samples.
 * @type {readonly Explanation[]}
 */
const explanations = [
  {
    pattern: /Domain already associated with another user pool/i,
    message: 'the name of the sign-in page is taken: it has to be unique among all customers of AWS in this region',
    next: 'Choose another one: npm run deploy -- --param signInDomainPrefix=photos-of-your-name',
  },
  {
    pattern: /User ?pool already has a domain/i,
    message: 'the user pool has a sign-in page of another name already, from an earlier deployment',
    next: 'Delete that one in the console of AWS (Cognito, the user pool, Domain), then run the same command again.',
  },
  {
    pattern:
      /AWS::ApiGatewayV2::DomainName.*certificate|certificate.*(not (found|valid|issued)|does not exist|pending|unsupported)/i,
    message: 'API Gateway does not take the certificate: it is not issued yet, is for another name, or is in another region',
    next: 'See in the console of AWS, under Certificate Manager in the region that you deploy to, whether its status is Issued.',
  },
  {
    pattern: /AWS::ApiGatewayV2::DomainName.*(already exists|in use)/i,
    message: 'the domain name belongs to another API already',
    next: 'Delete it there (console of AWS, API Gateway, Custom domain names), or choose another one.',
  },
  {
    pattern: /already exists|BucketAlreadyOwnedByYou|BucketAlreadyExists/i,
    message: 'something that is to be made is there already, and belongs to no deployment',
    next: 'Run the same command again: it takes in what an earlier deployment left. If it is named again, delete it in the console of AWS.',
  },
  {
    pattern: /is not authorized to perform|AccessDenied/i,
    message: 'your user may not make everything that belongs to photos',
    next: 'Deploying needs an administrator of the account (the policy AdministratorAccess; docs/deploy.md says how).',
  },
  {
    pattern: /ReservedConcurrentExecutions.*UnreservedConcurrentExecution/i,
    message: 'this account may run so few functions at once that none of them can be set aside',
    next: 'Ask for “Concurrent executions” of 1000 in the console of AWS (Service Quotas, AWS Lambda). It is free and takes a day.',
  },
  {
    pattern: /limit|quota|exceeded/i,
    message: 'a limit of this account is reached',
    next: 'Its reason says which one; the console of AWS raises it (Service Quotas).',
  },
]

/**
 * @param {readonly string[]} failures of resources, the first one first
 * @param {DeployFailure} whole what is known without them
 */
export function explainDeployment(failures, whole) {
  const [first] = failures
  if (first === undefined) return whole
  const told = failures.slice(0, 5).map((failure) => `  ${failure}`)
  const explained = explanations.find(({ pattern }) => failures.some((failure) => pattern.test(failure)))
  const message = explained?.message ?? 'AWS could not make everything that belongs to photos'
  const next = explained?.next ?? 'Run the same command again when that is mended.'
  return new DeployFailure(`${message}:\n${told.join('\n')}`, `${next}\nEverything is as it was before.`, whole)
}
