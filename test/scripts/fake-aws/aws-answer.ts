/** What a service of AWS answers: the parts of it that its SDK reads. */
export interface AwsAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** A refusal, as AWS names it. */
export class AwsRefusal extends Error {
  readonly code: string
  readonly status: number

  constructor(code: string, message: string, status = 400) {
    super(message)
    this.code = code
    this.status = status
  }
}

/** The query protocol of STS and CloudFormation. Source: "AWS Query protocol" of Smithy's specification. */
export function queryAnswer(action: string, result: string): AwsAnswer {
  const body = `<${action}Response><${action}Result>${result}</${action}Result><ResponseMetadata><RequestId>0</RequestId></ResponseMetadata></${action}Response>`
  return { status: 200, headers: { 'content-type': 'text/xml' }, body }
}

export function queryRefusal({ code, message, status }: AwsRefusal): AwsAnswer {
  const body = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>0</RequestId></ErrorResponse>`
  return { status, headers: { 'content-type': 'text/xml' }, body }
}

/** The JSON protocols of SSM, Cognito, DynamoDB. */
export function jsonAnswer(result: unknown): AwsAnswer {
  return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(result) }
}

export function jsonRefusal({ code, message, status }: AwsRefusal): AwsAnswer {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': code }
  return { status, headers, body: JSON.stringify({ __type: code, message }) }
}

/** S3's own XML; a HEAD has no body to say why. */
export function s3Refusal({ code, message, status }: AwsRefusal): AwsAnswer {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`
  return { status, headers: { 'content-type': 'application/xml' }, body }
}

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** `<Name>value</Name>` for each; lists are `member`s. */
export function xmlOf(values: Readonly<Record<string, string | readonly string[] | undefined>>): string {
  return Object.entries(values)
    .map(([name, value]) => {
      if (value === undefined) return ''
      if (typeof value === 'string') return `<${name}>${escapeXml(value)}</${name}>`
      return `<${name}>${value.map((member) => `<member>${member}</member>`).join('')}</${name}>`
    })
    .join('')
}
