import * as z from 'zod'

const resourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.json()).default({}),
  Condition: z.string().optional(),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
})

/** As much of a CloudFormation template as has a say in who may do what. */
export const templateSchema = z.object({
  Parameters: z.record(z.string(), z.object({ Default: z.union([z.string(), z.number()]).optional() })).default({}),
  Conditions: z.record(z.string(), z.json()).default({}),
  Resources: z.record(z.string(), resourceSchema),
})

type Template = z.infer<typeof templateSchema>
type Json = z.infer<ReturnType<typeof z.json>>
type Properties = Readonly<Record<string, Json>>

/** Where a stack stands, and what it was given. */
export interface Placement {
  readonly partition: string
  readonly accountId: string
  readonly region: string
  readonly stackName: string
  /** Those that have no default, or are to differ from it. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Taken to hold, whatever the template says: to look at what is there only for those who ask for it. */
  readonly conditions?: readonly string[]
}

export interface Resource {
  readonly logicalId: string
  /** Without any intrinsic function, and without what `AWS::NoValue` takes away. */
  readonly properties: Properties
  readonly arn: string | undefined
}

export interface ResolvedTemplate {
  /** All of a type whose condition holds, as CloudFormation would make them. */
  resourcesOf(type: string): readonly Resource[]
  /** Throws where there is none. */
  resource(logicalId: string): Resource
}

const textSchema = z.union([z.string(), z.number(), z.boolean()]).transform(String)

/** Takes the place of `AWS::NoValue`. */
const noValue = Symbol('AWS::NoValue')
type Value = Json | typeof noValue

const getAttSchema = z.union([
  z.tuple([z.string(), z.string()]),
  z.string().transform((text): [string, string] => [text.slice(0, text.indexOf('.')), text.slice(text.indexOf('.') + 1)]),
])
const subSchema = z.union([
  z.string().transform((text): [string, Record<string, Json>] => [text, {}]),
  z.tuple([z.string(), z.record(z.string(), z.json())]),
])

/**
 * What CloudFormation makes of a template: its intrinsic functions done, names and ARNs as AWS forms them. Throws on what it
 * does not know, so that no test passes on something unresolved.
 * Source: AWS CloudFormation User Guide, "Intrinsic function reference" and, of each resource type, "Return values".
 */
export function resolveTemplate(input: unknown, placement: Placement): ResolvedTemplate {
  const template = templateSchema.parse(input)
  const resolver = new Resolver(template, placement)
  const isMade = ({ Condition }: z.infer<typeof resourceSchema>) => Condition === undefined || resolver.holds(Condition)
  const made = (logicalId: string): Resource => ({
    logicalId,
    properties: resolver.propertiesOf(logicalId),
    arn: resolver.findArn(logicalId),
  })
  return {
    resource: made,
    resourcesOf: (type) =>
      Object.entries(template.Resources)
        .filter(([, resource]) => resource.Type === type && isMade(resource))
        .map(([logicalId]) => made(logicalId)),
  }
}

class Resolver {
  readonly #template: Template
  readonly #placement: Placement

  constructor(template: Template, placement: Placement) {
    this.#template = template
    this.#placement = placement
  }

  propertiesOf(logicalId: string): Properties {
    return this.#resolveMembers(this.#resource(logicalId).Properties)
  }

  holds(condition: string): boolean {
    if (this.#placement.conditions?.includes(condition)) return true
    const expression = this.#template.Conditions[condition]
    if (expression === undefined) throw new Error(`the template has no condition ${condition}`)
    return this.resolve(expression) === true
  }

  /** The ARN as AWS forms it; undefined for a type of which this knows none. */
  findArn(logicalId: string): string | undefined {
    const { partition, region, accountId } = this.#placement
    const regional = (service: string, resource: string) => `arn:${partition}:${service}:${region}:${accountId}:${resource}`
    const name = (property: string) => this.#text(this.#resource(logicalId).Properties[property] ?? logicalId)
    switch (this.#resource(logicalId).Type) {
      case 'AWS::S3::Bucket':
        return `arn:${partition}:s3:::${name('BucketName')}`
      case 'AWS::DynamoDB::Table':
        return regional('dynamodb', `table/${name('TableName')}`)
      case 'AWS::SQS::Queue':
        return regional('sqs', name('QueueName'))
      case 'AWS::SNS::Topic':
        return regional('sns', name('TopicName'))
      case 'AWS::Lambda::Function':
        return regional('lambda', `function:${name('FunctionName')}`)
      case 'AWS::Logs::LogGroup':
        return regional('logs', `log-group:${name('LogGroupName')}:*`)
      case 'AWS::Cognito::UserPool':
        return regional('cognito-idp', `userpool/${this.#resourceReference(logicalId)}`)
      case 'AWS::IAM::Role':
        return `arn:${partition}:iam::${accountId}:role/${name('RoleName')}`
      default:
        return undefined
    }
  }

  resolve(value: Json): Value {
    if (Array.isArray(value)) return value.map((item) => this.resolve(item)).filter((item) => item !== noValue)
    if (value === null || typeof value !== 'object') return value
    const [[name, argument] = ['', null], ...others] = Object.entries(value)
    const isFunction = others.length === 0 && (name === 'Ref' || name === 'Condition' || name.startsWith('Fn::'))
    // `Condition` is a function among conditions, where it names one, and a block of a statement elsewhere.
    if (!isFunction || (name === 'Condition' && typeof argument !== 'string')) return this.#resolveMembers(value)
    return this.#call(name, argument)
  }

  #resolveMembers(members: Properties): Record<string, Json> {
    const resolved: Record<string, Json> = {}
    for (const [name, member] of Object.entries(members)) {
      const value = this.resolve(member)
      if (value !== noValue) resolved[name] = value
    }
    return resolved
  }

  #call(name: string, argument: Json): Value {
    switch (name) {
      case 'Ref':
        return this.#reference(this.#text(argument))
      case 'Condition':
        return this.holds(this.#text(argument))
      case 'Fn::GetAtt':
        return this.#attribute(...getAttSchema.parse(argument))
      case 'Fn::Sub':
        return this.#substitute(...subSchema.parse(argument))
      case 'Fn::Join': {
        const [separator, items] = z.tuple([z.string(), z.json()]).parse(argument)
        return this.#texts(items).join(separator)
      }
      case 'Fn::Split': {
        const [separator, text] = z.tuple([z.string(), z.json()]).parse(argument)
        return this.#text(text).split(separator)
      }
      case 'Fn::Select': {
        const [index, items] = z.tuple([z.coerce.number(), z.json()]).parse(argument)
        return z.string().parse(this.#texts(items)[index])
      }
      case 'Fn::If': {
        const [condition, whenTrue, whenFalse] = z.tuple([z.string(), z.json(), z.json()]).parse(argument)
        return this.resolve(this.holds(condition) ? whenTrue : whenFalse)
      }
      case 'Fn::Equals': {
        const [one, other] = z.tuple([z.json(), z.json()]).parse(argument)
        return this.#text(one) === this.#text(other)
      }
      case 'Fn::Not':
      case 'Fn::And':
      case 'Fn::Or':
        return this.#logic(name, z.array(z.json()).parse(argument))
    }
    throw new Error(`the template uses ${name}, which is not resolved here`)
  }

  #logic(name: 'Fn::Not' | 'Fn::And' | 'Fn::Or', expressions: readonly Json[]): boolean {
    const hold = expressions.map((expression) => this.resolve(expression) === true)
    if (name === 'Fn::Not') return hold[0] === false
    return name === 'Fn::And' ? hold.every(Boolean) : hold.some(Boolean)
  }

  /** `${Name}`, `${Resource.Attribute}`, `${!literal}`. */
  #substitute(text: string, variables: Readonly<Record<string, Json>>): string {
    return text.replaceAll(/\$\{([^}]*)\}/g, (_whole, name: string) => {
      if (name.startsWith('!')) return `\${${name.slice(1)}}`
      const variable = variables[name]
      if (variable !== undefined) return this.#text(variable)
      return name.includes('.') ? this.#attribute(...getAttSchema.parse(name)) : textSchema.parse(this.#reference(name))
    })
  }

  #reference(name: string): Value {
    const { partition, accountId, region, stackName, parameters } = this.#placement
    const pseudo: Readonly<Record<string, Value>> = {
      'AWS::Partition': partition,
      'AWS::AccountId': accountId,
      'AWS::Region': region,
      'AWS::StackName': stackName,
      'AWS::URLSuffix': 'amazonaws.com',
      'AWS::NoValue': noValue,
    }
    const given = pseudo[name] ?? parameters?.[name] ?? this.#template.Parameters[name]?.Default
    return given ?? this.#resourceReference(name)
  }

  #resourceReference(logicalId: string): string {
    const { Type, Properties } = this.#resource(logicalId)
    const { region, accountId } = this.#placement
    switch (Type) {
      case 'AWS::Cognito::UserPool':
        return `${region}_${logicalId}`
      case 'AWS::Cognito::IdentityPool':
        return `${region}:${logicalId}`
      case 'AWS::SQS::Queue':
        return `https://sqs.${region}.amazonaws.com/${accountId}/${this.#text(Properties['QueueName'] ?? logicalId)}`
      case 'AWS::SNS::Topic':
        return this.#arn(logicalId)
    }
    const name = nameProperties.flatMap((property) => Properties[property] ?? [])[0]
    return name === undefined ? logicalId : this.#text(name)
  }

  #attribute(logicalId: string, attribute: string): string {
    const { Type } = this.#resource(logicalId)
    if (attribute === 'Arn' || attribute === 'TopicArn') return this.#arn(logicalId)
    if (Type === 'AWS::Cognito::UserPool' && attribute === 'ProviderName') {
      return `cognito-idp.${this.#placement.region}.amazonaws.com/${this.#resourceReference(logicalId)}`
    }
    throw new Error(`${logicalId}.${attribute} of the template is not resolved here`)
  }

  #arn(logicalId: string): string {
    const arn = this.findArn(logicalId)
    if (arn === undefined) throw new Error(`the ARN of ${logicalId} is not known here`)
    return arn
  }

  #resource(logicalId: string): z.infer<typeof resourceSchema> {
    const resource = this.#template.Resources[logicalId]
    if (resource === undefined) throw new Error(`the template has no resource or parameter ${logicalId}`)
    return resource
  }

  #text(value: Json): string {
    return textSchema.parse(this.resolve(value))
  }

  #texts(value: Json): readonly string[] {
    return z.array(z.string()).parse(this.resolve(value))
  }
}

/** Properties that say what a resource is called, which is then what `Ref` gives. */
const nameProperties = ['BucketName', 'TableName', 'RoleName', 'FunctionName', 'LogGroupName']
