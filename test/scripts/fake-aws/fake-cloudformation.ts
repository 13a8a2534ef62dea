import * as z from 'zod'
import type { AccountState, ResourceState, StackState, TemplateState } from './account-state.ts'
import { AwsRefusal, xmlOf } from './aws-answer.ts'
import { parseTemplate } from './parse-template.ts'

interface ChangeSet {
  readonly type: string
  readonly template: TemplateState
  /** Physical ids of what is imported, by logical ids. */
  readonly imports: ReadonlyMap<string, string>
  readonly tags: Readonly<Record<string, string>> | undefined
}

/** As much of CloudFormation as a deployment meets: change sets, imports, rollbacks, names that are taken, what is retained. */
export class FakeCloudFormation {
  readonly #account: AccountState
  readonly #changeSets = new Map<string, ChangeSet>()

  constructor(account: AccountState) {
    this.#account = account
  }

  /** The inside of the result. */
  answer(action: string, form: URLSearchParams): string {
    const name = (form.get('StackName') ?? '').replace(/^arn:.*:stack\/([^/]+)\/.*$/, '$1')
    const key = `${name} ${form.get('ChangeSetName')}`
    switch (action) {
      case 'DescribeStacks':
        return `<Stacks><member>${this.#describe(name, this.#stack(name))}</member></Stacks>`
      case 'ListStackResources':
        return xmlOf({ StackResourceSummaries: [...this.#stack(name).resources].map(([id, one]) => resourceXml(id, one)) })
      case 'DescribeStackResource':
        return this.#describeResource(name, form.get('LogicalResourceId') ?? '')
      case 'DescribeStackEvents':
        return this.#eventsFrom(name, Number(form.get('NextToken') ?? 0))
      case 'GetTemplate':
        return xmlOf({ TemplateBody: JSON.stringify(this.#stack(name).template) })
      case 'ValidateTemplate':
        this.#templateOf(form)
        return ''
      case 'CreateChangeSet':
        this.#createChangeSet(name, key, form)
        return xmlOf({ Id: `arn:${key}`, StackId: this.#stackId(name) })
      case 'DescribeChangeSet':
        return xmlOf({
          Status: 'CREATE_COMPLETE',
          StackId: this.#stackId(name),
          StackName: name,
          Changes: ['<Type>Resource</Type>'],
        })
      case 'ExecuteChangeSet':
        this.#execute(name, this.#changeSets.get(key))
        return ''
      case 'DeleteChangeSet':
        this.#changeSets.delete(key)
        return ''
      case 'CreateStack':
      case 'UpdateStack':
        this.#execute(name, {
          type: action === 'CreateStack' ? 'CREATE' : 'UPDATE',
          template: this.#templateOf(form),
          imports: new Map(),
          tags: tagsOf(form),
        })
        return xmlOf({ StackId: this.#stackId(name) })
      case 'ContinueUpdateRollback':
        this.#stack(name).status = 'UPDATE_ROLLBACK_COMPLETE'
        return ''
      case 'DeleteStack':
        this.#delete(name)
        return ''
      default:
        throw new AwsRefusal('InvalidAction', `the fake CloudFormation does not know ${action}`)
    }
  }

  #stack(name: string): StackState {
    const stack = this.#account.stacks.get(name)
    if (stack === undefined) throw new AwsRefusal('ValidationError', `Stack with id ${name} does not exist`)
    return stack
  }

  /** A hundred at a time. */
  #eventsFrom(name: string, start: number): string {
    const { events } = this.#stack(name)
    const page = events.slice(start, start + 100).map((event, index) => eventXml(name, event, events.length - start - index))
    return xmlOf({ StackEvents: page, NextToken: start + 100 < events.length ? String(start + 100) : undefined })
  }

  #stackId(name: string): string {
    return `arn:aws:cloudformation:${this.#account.region}:${this.#account.accountId}:stack/${name}/00000000-0000-0000-0000-000000000000`
  }

  #describe(name: string, { status, reason, outputs, tags = {} }: StackState): string {
    const listed = Object.entries(outputs).map(([OutputKey, OutputValue]) => xmlOf({ OutputKey, OutputValue }))
    return xmlOf({
      StackId: this.#stackId(name),
      StackName: name,
      StackStatus: status,
      StackStatusReason: reason,
      CreationTime: '2026-11-01T10:00:00.000Z',
      Outputs: listed,
      Tags: Object.entries(tags).map(([Key, Value]) => xmlOf({ Key, Value })),
    })
  }

  #describeResource(name: string, logicalId: string): string {
    const found = this.#stack(name).resources.get(logicalId)
    if (found === undefined) throw new AwsRefusal('ValidationError', `Resource ${logicalId} does not exist for stack ${name}`)
    return `<StackResourceDetail>${resourceXml(logicalId, found)}</StackResourceDetail>`
  }

  #templateOf(form: URLSearchParams): TemplateState {
    const [, bucket = '', key = ''] = /^https:\/\/[^/]+\/([^/]+)\/(.*)$/.exec(form.get('TemplateURL') ?? '') ?? []
    const text = form.get('TemplateBody') ?? this.#account.buckets.get(bucket)?.get(key)?.toString('utf8')
    if (text === undefined) throw new AwsRefusal('ValidationError', 'S3 error: The specified key does not exist.')
    return parseTemplate(text)
  }

  #createChangeSet(name: string, key: string, form: URLSearchParams): void {
    const type = form.get('ChangeSetType') ?? 'UPDATE'
    const template = this.#templateOf(form)
    const imports = importsOf(form)
    if (type === 'UPDATE') this.#stack(name)
    else this.#account.stacks.set(name, this.#account.stacks.get(name) ?? newStack())
    if (type === 'IMPORT') this.#requireImportable(this.#stack(name), template, imports)
    this.#changeSets.set(key, { type, template, imports, tags: tagsOf(form) })
  }

  /** Source: CloudFormation user guide, "Import AWS resources into a CloudFormation stack manually". */
  #requireImportable({ template: before }: StackState, template: TemplateState, imports: ReadonlyMap<string, string>): void {
    if (JSON.stringify(template.Outputs ?? {}) !== JSON.stringify(before.Outputs ?? {})) {
      throw new AwsRefusal('ValidationError', 'As part of the import operation, you cannot modify or add [Outputs]')
    }
    for (const [logicalId, { Type, DeletionPolicy }] of Object.entries(template.Resources)) {
      if (before.Resources[logicalId] !== undefined) continue
      const id = imports.get(logicalId)
      if (id === undefined || DeletionPolicy === undefined || !this.#exists(Type, id)) {
        throw new AwsRefusal('ValidationError', `Resources [${logicalId}] cannot be imported`)
      }
    }
  }

  #exists(type: string, id: string): boolean {
    const { buckets, tables, userPools } = this.#account
    if (type === 'AWS::S3::Bucket') return buckets.has(id)
    if (type === 'AWS::DynamoDB::Table') return tables.has(id)
    return type === 'AWS::Cognito::UserPool' && userPools.has(id)
  }

  #execute(name: string, changeSet: ChangeSet | undefined): void {
    if (changeSet === undefined) throw new AwsRefusal('ChangeSetNotFound', 'ChangeSet does not exist')
    const stack = this.#account.stacks.get(name) ?? newStack()
    this.#account.stacks.set(name, stack)
    const { type, template, imports, tags } = changeSet
    if (tags !== undefined) stack.tags = tags
    stack.events.unshift({ logicalId: name, type: 'AWS::CloudFormation::Stack', status: `${type}_IN_PROGRESS` })
    const failure = type === 'IMPORT' ? undefined : this.#failureOf(stack, template)
    if (failure === undefined) this.#apply(stack, template, imports)
    else stack.events.unshift({ ...failure, status: 'CREATE_FAILED' })
    stack.status =
      failure === undefined ? `${type}_COMPLETE` : type === 'CREATE' ? 'ROLLBACK_COMPLETE' : `${type}_ROLLBACK_COMPLETE`
    stack.events.unshift({ logicalId: name, type: 'AWS::CloudFormation::Stack', status: stack.status })
  }

  #failureOf(stack: StackState, template: TemplateState) {
    const added = Object.entries(template.Resources).filter(([logicalId]) => !stack.resources.has(logicalId))
    for (const [logicalId, resource] of added) {
      const { nextFailure } = this.#account
      if (nextFailure?.type === resource.Type) {
        this.#account.nextFailure = undefined
        return { logicalId, ...nextFailure }
      }
      const id = this.#nameOf(resource)
      if (id === undefined || !this.#exists(resource.Type, id)) continue
      return { logicalId, type: resource.Type, reason: `${id} already exists` }
    }
    return undefined
  }

  #apply(stack: StackState, template: TemplateState, imports: ReadonlyMap<string, string>): void {
    for (const [logicalId, resource] of Object.entries(template.Resources)) {
      if (stack.resources.has(logicalId)) continue
      const id = imports.get(logicalId) ?? this.#create(logicalId, resource)
      stack.resources.set(logicalId, { type: resource.Type, id })
    }
    stack.template = template
    const outputs = Object.entries(template.Outputs ?? {}).map(([name, { Value }]) => [name, this.#outputOf(stack, name, Value)])
    stack.outputs = Object.fromEntries(outputs)
  }

  #create(logicalId: string, resource: ResourceState): string {
    const { buckets, tables, userPools, region } = this.#account
    const name = this.#nameOf(resource)
    if (resource.Type === 'AWS::S3::Bucket') {
      const bucket = name ?? `photos-prod-${logicalId.toLowerCase()}-made-up`
      buckets.set(bucket, new Map())
      return bucket
    }
    if (resource.Type === 'AWS::DynamoDB::Table' && name !== undefined) tables.add(name)
    if (resource.Type !== 'AWS::Cognito::UserPool') return name ?? `physical-${logicalId}`
    const id = `${region}_${logicalId}${userPools.size}`
    userPools.set(id, { name: name ?? '', users: new Map() })
    return id
  }

  #nameOf({ Properties: { BucketName, TableName, UserPoolName } = {} }: ResourceState): string | undefined {
    const name = BucketName ?? TableName ?? UserPoolName
    return name === undefined ? undefined : this.#resolve(name)
  }

  #resolve(value: unknown): string {
    if (typeof value === 'string') return value
    const { accountId, region } = this.#account
    const text = z.object({ 'Fn::Sub': z.string() }).parse(value)['Fn::Sub']
    return text.replaceAll(/\$\{AWS::AccountId\}/g, accountId).replaceAll(/\$\{AWS::Region\}/g, region)
  }

  #outputOf(stack: StackState, name: string, value: unknown): string {
    if (name === 'ApiUrl') return this.#account.url
    if (typeof value === 'string') return value
    const ref = z.object({ Ref: z.string() }).safeParse(value)
    return ref.success ? (stack.resources.get(ref.data.Ref)?.id ?? ref.data.Ref) : JSON.stringify(value)
  }

  #delete(name: string): void {
    const { stacks, buckets, tables, userPools } = this.#account
    const stack = stacks.get(name)
    for (const [logicalId, { type, id }] of stack?.resources ?? []) {
      if (stack?.template.Resources[logicalId]?.DeletionPolicy?.startsWith('Retain')) continue
      if (type === 'AWS::S3::Bucket') buckets.delete(id)
      if (type === 'AWS::DynamoDB::Table') tables.delete(id)
      if (type === 'AWS::Cognito::UserPool') userPools.delete(id)
    }
    stacks.delete(name)
  }
}

function newStack(): StackState {
  return { status: 'REVIEW_IN_PROGRESS', template: { Resources: {} }, outputs: {}, resources: new Map(), events: [] }
}

function importsOf(form: URLSearchParams): ReadonlyMap<string, string> {
  const imports = new Map<string, string>()
  for (let index = 1; ; index++) {
    const member = `ResourcesToImport.member.${index}`
    const logicalId = form.get(`${member}.LogicalResourceId`)
    if (logicalId === null) return imports
    imports.set(logicalId, form.get(`${member}.ResourceIdentifier.entry.1.value`) ?? '')
  }
}

/** Undefined where the request names none: the stack keeps those that it has. */
function tagsOf(form: URLSearchParams): Readonly<Record<string, string>> | undefined {
  const tags: Record<string, string> = {}
  for (let index = 1; form.has(`Tags.member.${index}.Key`); index++)
    tags[form.get(`Tags.member.${index}.Key`) ?? ''] = form.get(`Tags.member.${index}.Value`) ?? ''
  return Object.keys(tags).length === 0 ? undefined : tags
}

function resourceXml(LogicalResourceId: string, { type, id }: { readonly type: string; readonly id: string }): string {
  return xmlOf({ LogicalResourceId, PhysicalResourceId: id, ResourceType: type, ResourceStatus: 'CREATE_COMPLETE' })
}

function eventXml(StackName: string, event: StackState['events'][number], number: number): string {
  return xmlOf({
    EventId: `${StackName}-${number}`,
    StackName,
    LogicalResourceId: event.logicalId,
    ResourceType: event.type,
    ResourceStatus: event.status,
    ResourceStatusReason: event.reason,
    // CloudFormation's events of now; those of before were before the stack changed.
    Timestamp: new Date().toISOString(),
  })
}
