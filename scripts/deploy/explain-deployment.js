import { DeployFailure, nextOf } from './deploy-failure.js'
import { goOnGoingBack, removeAndRunAgain } from './stack.js'

/**
 * @typedef {{ pattern: RegExp, message: string, next: import('./deploy-failure.js').Next }} Explanation
 */

/**
 * What resources of the stack fail with, and what that means. The first that fits counts.
 * Sources: what AWS answered others, in the issues of aws/aws-cdk, serverless/serverless and aws-samples.
 * @type {readonly Explanation[]}
 */
const explanations = [
  {
    pattern: /User ?pool already has a domain/i,
    message: 'the user pool has a sign-in page of another name already, and it can only have one',
    next:
      'Delete that one in the console of AWS (Cognito, the user pool, Domain), then run the same command again. Nobody can sign in ' +
      'until then; who is signed in stays so.',
  },
  {
    // A name that is taken is told in many ways, some of which say no more than that the request is invalid.
    pattern: /AWS::Cognito::UserPoolDomain(?!.*(not authorized|AccessDenied))|Domain already associated with another user pool/i,
    message: 'AWS does not take the name of the sign-in page: it has to be unique among all customers of AWS in this region',
    next: ({ again }) => `Choose another one: ${again({ parameters: { signInDomainPrefix: 'photos-of-your-name' } })}`,
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
    next:
      'Run the same command again: it takes in what an earlier deployment left. If it is named again, delete it in the console ' +
      'of AWS.',
  },
  {
    pattern: /is not authorized to perform|AccessDenied/i,
    message: 'your user may not make everything that belongs to photos',
    next: 'Deploying needs an administrator of the account (the policy AdministratorAccess; docs/deploy.md says how).',
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
 * @param {{ status: string | undefined, hasTakenIn: boolean }} after how the stack stands, and whether this run put into it what
 * an earlier one had left
 */
export function explainDeployment(failures, whole, after) {
  const [first] = failures
  const explained = explanations.find(({ pattern }) => failures.some((failure) => pattern.test(failure)))
  const message = explained?.message ?? 'AWS could not make everything that belongs to photos'
  const told = failures.slice(0, 5).map((failure) => `\n  ${failure}`)
  const next = explained?.next ?? (first === undefined ? whole.next : 'Run the same command again when that is mended.')
  return new DeployFailure(
    first === undefined ? whole.message : `${message}:${told.join('')}`,
    (commands) => [nextOf(next, commands), nextOf(howItStands(after), commands)].filter((text) => text !== '').join('\n'),
    whole,
  )
}

/**
 * Source: "Stack status codes" of the CloudFormation user guide.
 * @param {{ status: string | undefined, hasTakenIn: boolean }} after
 * @returns {import('./deploy-failure.js').Next}
 */
function howItStands({ status, hasTakenIn }) {
  switch (status) {
    case 'UPDATE_ROLLBACK_COMPLETE':
      return hasTakenIn
        ? 'What an earlier deployment left belongs to the stack now, with everything that is in it; nothing else was made.'
        : 'Everything is as it was before.'
    case 'UPDATE_ROLLBACK_FAILED':
      return (commands) => `Going back to what was there before failed, too. ${goOnGoingBack(commands)}`
    case 'ROLLBACK_COMPLETE':
    case 'ROLLBACK_FAILED':
    case 'CREATE_FAILED':
      return (commands) => `What was begun has to be removed before that: ${removeAndRunAgain(commands)}`
    default:
      return '' // nobody knows
  }
}
