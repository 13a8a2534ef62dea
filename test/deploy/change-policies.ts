import { type AccessRequest, type Decision, resourcePolicyKeyOf } from './decide-access.ts'
import type { Policies, Policy, Statement } from './policies-of.ts'

/** The policies with one thing changed, as an edit of the template would. */
export interface ChangedPolicies {
  /** What was changed. */
  readonly title: string
  readonly policies: Policies
  /** Which policy it was: its key in {@link Policies}. */
  readonly key: string
  /** What the change is about; may end with `*`. */
  readonly actions: readonly string[]
  /** Which decisions it may have turned into their opposites. */
  readonly turns: Decision
}

/** Each action taken out of each statement that has it, for each of its resources. */
export function* withoutEachPart(policies: Policies): Generator<ChangedPolicies> {
  for (const { key, statement, replaceBy } of statementsOf(policies)) {
    for (const [action, resource] of partsOf(statement)) {
      const others = partsOf(statement).filter(([one, other]) => one !== action || other !== resource)
      const changed = replaceBy(others.map(([one, other]) => partOf(statement, one, other)))
      const title = `${key}: no ${statement.Effect} of ${action} on ${resource}`
      yield { title, policies: changed, key, actions: [action], turns: statement.Effect === 'Allow' ? 'allowed' : 'denied' }
    }
  }
}

/** Each condition taken away. */
export function* withoutEachCondition(policies: Policies): Generator<ChangedPolicies> {
  for (const { key, statement, replaceBy } of statementsOf(policies)) {
    const conditions = statement.Condition ?? {}
    for (const [operator, tests] of Object.entries(conditions)) {
      for (const name of Object.keys(tests)) {
        const { [name]: _removed, ...others } = tests
        const changed = replaceBy([{ ...statement, Condition: { ...conditions, [operator]: others } }])
        const title = `${key}: ${statement.Effect} of ${statement.Action} without ${operator} ${name}`
        yield {
          title,
          policies: changed,
          key,
          actions: statement.Action,
          turns: statement.Effect === 'Allow' ? 'denied' : 'allowed',
        }
      }
    }
  }
}

/** Each grant of a role for more: all actions of its service, or more places than its own. */
export function* withEachGrantWidened(policies: Policies): Generator<ChangedPolicies> {
  for (const { key, statement, replaceBy } of statementsOf(policies)) {
    // The policies of resources are about no other resource, whatever they say.
    if (!key.startsWith('arn:aws:iam:') || statement.Effect === 'Deny') continue
    for (const [action, resource = '*'] of partsOf(statement)) {
      const everyAction = partOf(statement, `${action.slice(0, action.indexOf(':'))}:*`, resource)
      for (const wider of [everyAction, ...widerThan(resource).map((place) => partOf(statement, action, place))]) {
        const title = `${key}: ${wider.Action} on ${wider.Resource}`
        yield { title, policies: replaceBy([statement, wider]), key, actions: wider.Action, turns: 'denied' }
      }
    }
  }
}

/** What lets one request through: its principal and its resource allow everything, and deny nothing. */
export function thrownOpen(policies: Policies, request: AccessRequest): Policies {
  const key = resourcePolicyKeyOf(request)
  const everywhere = key.startsWith('trust of ') ? {} : { Resource: ['*'] }
  const open = policyOf({ Effect: 'Allow', Principal: '*', Action: ['*'], ...everywhere })
  const changed = new Map([...policies, [key, open]])
  if (typeof request.identity !== 'string') return changed
  return changed.set(request.identity, policyOf({ Effect: 'Allow', Action: ['*'], Resource: ['*'] }))
}

/** IAM's own variable. */
const ownerTag = '${aws:PrincipalTag/owner}'

/** An owner's place without its end, everybody's places, all that lies beside it, and everything there is. */
function widerThan(resource: string): readonly string[] {
  const owners = resource.includes(ownerTag) ? [resource.replace(/\/\*$/, '*'), resource.replace(ownerTag, '*')] : []
  const service = resource.split(':').slice(0, 5).join(':')
  const beside = resource.startsWith('arn:aws:s3:::') ? resource.replace(/\/.*$/, '/*') : `${service}:*`
  return [...new Set([...owners, beside, '*'])].filter((place) => place !== resource)
}

interface PlacedStatement {
  readonly key: string
  readonly statement: Statement
  replaceBy(statements: readonly Statement[]): Policies
}

function* statementsOf(policies: Policies): Generator<PlacedStatement> {
  for (const [key, policy] of policies) {
    for (const statement of policy.Statement) {
      const replaced = (by: readonly Statement[]) => policy.Statement.flatMap((each) => (each === statement ? by : [each]))
      yield { key, statement, replaceBy: (by) => new Map([...policies, [key, { ...policy, Statement: replaced(by) }]]) }
    }
  }
}

type Part = readonly [action: string, resource: string | undefined]

function partsOf({ Action, Resource }: Statement): readonly Part[] {
  return Action.flatMap((action) => (Resource ?? [undefined]).map((resource): Part => [action, resource]))
}

function partOf(statement: Statement, action: string, resource: string | undefined): Statement {
  return { ...statement, Action: [action], ...(resource !== undefined && { Resource: [resource] }) }
}

function policyOf(statement: Statement): Policy {
  return { Version: '2012-10-17', Statement: [statement] }
}
