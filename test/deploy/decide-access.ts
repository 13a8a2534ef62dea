import { anonymousPrincipal, runSimulation, type Simulation } from '@cloud-copilot/iam-simulate'
import type { Policies, Policy } from './policies-of.ts'

/** One request to AWS, as its authorization sees it. */
export interface AccessRequest {
  /** A session of a role, a service, or nobody: a request without a signature. */
  readonly principal: string | undefined
  /** Whose policies the principal has: the ARN of a role of the stack, or a policy from elsewhere. */
  readonly identity: string | Policy | undefined
  readonly action: string
  readonly resource: string
  readonly accountId: string
  /** What the policies' conditions may look at. */
  readonly context: Readonly<Record<string, string | string[]>>
}

export type Decision = 'allowed' | 'denied'

/**
 * Decides as AWS does, from the principal's policies and the resource's together.
 * Source: AWS IAM User Guide, "Policy evaluation logic".
 */
export async function decideAccess(policies: Policies, request: AccessRequest): Promise<Decision> {
  if (request.action === 'sts:TagSession') return await decideTagSession(policies, request)
  const answer = await runSimulation(simulationOf(policies, request), {})
  if (answer.resultType !== 'single') throw new Error(`not one decision: ${JSON.stringify({ request, answer })}`)
  const { ignoredContextKeys = [] } = answer.result
  if (ignoredContextKeys.length > 0) throw new Error(`${request.action} has no ${ignoredContextKeys.join(', ')}`)
  return answer.overallResult === 'Allowed' ? 'allowed' : 'denied'
}

/**
 * Giving a session its tags is a part of AssumeRoleWithWebIdentity, and has its context: what Cognito says of the sign-in. The
 * simulator knows those keys at the latter only, so that it is asked about that, with the statements for tags alone.
 * Source: Amazon Cognito Developer Guide, "Using attributes for access control", where both actions stand under such conditions.
 */
async function decideTagSession(policies: Policies, request: AccessRequest): Promise<Decision> {
  const action = 'sts:AssumeRoleWithWebIdentity'
  const key = resourcePolicyKeyOf(request)
  const statements = (policies.get(key)?.Statement ?? []).map((statement) => {
    const others = statement.Action.filter((name) => name !== action)
    return { ...statement, Action: others.map((name) => (name === 'sts:TagSession' ? action : name)) }
  })
  const trust: Policy = { Version: '2012-10-17', Statement: statements.filter(({ Action }) => Action.length > 0) }
  return await decideAccess(new Map([...policies, [key, trust]]), { ...request, action })
}

function simulationOf(policies: Policies, request: AccessRequest): Simulation {
  const { principal, identity, action, resource, accountId, context } = request
  const identityPolicy = typeof identity === 'string' ? policies.get(identity) : identity
  const resourcePolicy = policies.get(resourcePolicyKeyOf(request))
  return {
    request: {
      principal: principal ?? anonymousPrincipal,
      action,
      resource: { resource, accountId },
      contextVariables: { ...context },
    },
    identityPolicies: identityPolicy === undefined ? [] : [{ name: 'identity', policy: identityPolicy }],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(resourcePolicy !== undefined && { resourcePolicy }),
  }
}

/** Which policies have a say: the principal's, where it is a role of the stack, and the resource's. */
export function policyKeysOf(request: AccessRequest): readonly string[] {
  const { identity } = request
  return [...(typeof identity === 'string' ? [identity] : []), resourcePolicyKeyOf(request)]
}

/** Objects have their bucket's policy, and a role that is taken on has its trust. */
export function resourcePolicyKeyOf({ action, resource }: AccessRequest): string {
  if (action.startsWith('sts:')) return `trust of ${resource}`
  return resource.startsWith('arn:aws:s3:::') ? resource.replace(/\/.*$/, '') : resource
}
