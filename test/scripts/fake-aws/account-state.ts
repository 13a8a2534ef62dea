/** A stack of CloudFormation. */
export interface StackState {
  status: string
  reason?: string
  template: TemplateState
  outputs: Record<string, string>
  tags?: Readonly<Record<string, string>>
  /** Physical ids by logical ids. */
  resources: Map<string, { readonly type: string; readonly id: string }>
  /** Newest first. */
  events: StackEventState[]
}

export interface StackEventState {
  readonly logicalId: string
  readonly type: string
  readonly status: string
  readonly reason?: string
}

export interface TemplateState {
  readonly Resources: Readonly<Record<string, ResourceState>>
  readonly Outputs?: Readonly<Record<string, { readonly Value?: unknown }>> | undefined
}

export interface ResourceState {
  readonly Type: string
  readonly DeletionPolicy?: string | undefined
  readonly Properties?: Readonly<Record<string, unknown>> | undefined
}

export interface UserState {
  status: string
  /** How often Cognito has mailed a temporary password. */
  mails: number
}

/** Everything that is in the account of a test. */
export interface AccountState {
  readonly accountId: string
  readonly region: string
  /** Where this account answers. */
  url: string
  readonly stacks: Map<string, StackState>
  /** SSM, by name. */
  readonly parameters: Map<string, { readonly value: string; readonly type: string }>
  readonly buckets: Map<string, Map<string, Buffer>>
  readonly tables: Set<string>
  /** Ids of tables and user pools that somebody else made: they have none of our tags. */
  readonly foreign: Set<string>
  readonly userPools: Map<string, { readonly name: string; readonly users: Map<string, UserState> }>
  /** The next change of a stack fails with this. */
  nextFailure: { readonly type: string; readonly reason: string } | undefined
}

export function emptyAccount(): AccountState {
  return {
    accountId: '123456789012',
    region: 'eu-central-1',
    url: '',
    stacks: new Map(),
    parameters: new Map(),
    buckets: new Map(),
    tables: new Set(),
    foreign: new Set(),
    userPools: new Map(),
    nextFailure: undefined,
  }
}
