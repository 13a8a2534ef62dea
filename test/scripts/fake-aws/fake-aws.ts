import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import * as z from 'zod'
import { type AccountState, emptyAccount } from './account-state.ts'
import { type AwsAnswer, AwsRefusal, jsonAnswer, jsonRefusal, queryAnswer, queryRefusal, s3Refusal, xmlOf } from './aws-answer.ts'
import { FakeCloudFormation } from './fake-cloudformation.ts'
import { answerS3 } from './fake-s3.ts'
import { jsonOperations } from './fake-services.ts'

export interface FakeAws {
  readonly account: AccountState
  readonly url: string
  /** What was asked, in its order: `CloudFormation DescribeStacks`, `AmazonSSM.GetParameter`, `PUT /bucket/key`. */
  readonly asked: readonly string[]
  /** Everything that was asked of it as text, bodies and headers. */
  readonly transcript: readonly string[]
  /** From now on, this is refused. @param what as in {@link asked} */
  refuse(what: string, refusal: AwsRefusal): void
}

const addressSchema = z.object({ port: z.int() })

/** An account of AWS with nothing in it, spoken to as the SDK does, at one address of this machine for all services. */
export async function startFakeAws(): Promise<FakeAws> {
  const account = emptyAccount()
  const cloudFormation = new FakeCloudFormation(account)
  const refusals = new Map<string, AwsRefusal>()
  const asked: string[] = []
  const transcript: string[] = []

  const server = createServer(async (request, response) => {
    const body = await buffer(request)
    const question = questionOf(request, body)
    asked.push(question.what)
    transcript.push(JSON.stringify([request.method, request.url, request.headers]), body.toString('latin1'))
    const answer = answerOrRefuse(question, refusals.get(question.what), () => answerOf(account, cloudFormation, question))
    response.writeHead(answer.status, { 'x-amzn-requestid': '0', date: new Date().toUTCString(), ...answer.headers })
    response.end(answer.body)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  account.url = `http://127.0.0.1:${addressSchema.parse(server.address()).port}`
  return {
    account,
    url: account.url,
    asked,
    transcript,
    refuse: (what, refusal) => void refusals.set(what, refusal),
  }
}

interface Question {
  readonly kind: 'sts' | 'cloudformation' | 'json' | 's3' | 'lambda' | 'remote'
  readonly what: string
  readonly request: IncomingMessage
  readonly url: URL
  readonly body: Buffer
}

/** STS and CloudFormation are told apart by the version of their API. */
function questionOf(request: IncomingMessage, body: Buffer): Question {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const whole = { request, url, body }
  const target = request.headers['x-amz-target']
  if (typeof target === 'string') return { ...whole, kind: 'json', what: target }
  if (url.pathname === '/.well-known/photos.json') return { ...whole, kind: 'remote', what: 'GET /.well-known/photos.json' }
  if (url.pathname.startsWith('/2015-03-31/')) return { ...whole, kind: 'lambda', what: `${request.method} ${url.pathname}` }
  if (url.pathname !== '/') return { ...whole, kind: 's3', what: `${request.method} ${url.pathname}` }
  const form = new URLSearchParams(body.toString('utf8'))
  const service = form.get('Version') === '2011-06-15' ? 'STS' : 'CloudFormation'
  return { ...whole, kind: service === 'STS' ? 'sts' : 'cloudformation', what: `${service} ${form.get('Action')}` }
}

function answerOrRefuse({ kind, what }: Question, refusal: AwsRefusal | undefined, answer: () => AwsAnswer): AwsAnswer {
  try {
    if (refusal !== undefined) throw refusal
    return answer()
  } catch (error) {
    const refused = error instanceof AwsRefusal ? error : new AwsRefusal('InternalFailure', `${what}: ${error}`, 400)
    if (kind === 's3') return s3Refusal(refused)
    return kind === 'sts' || kind === 'cloudformation' ? queryRefusal(refused) : jsonRefusal(refused)
  }
}

function answerOf(
  account: AccountState,
  cloudFormation: FakeCloudFormation,
  { kind, what, request, url, body }: Question,
): AwsAnswer {
  const form = new URLSearchParams(body.toString('utf8'))
  const action = form.get('Action') ?? ''
  switch (kind) {
    case 'sts': {
      const Arn = `arn:aws:iam::${account.accountId}:user/anna`
      return queryAnswer(action, xmlOf({ Arn, UserId: 'AIDAEXAMPLE', Account: account.accountId }))
    }
    case 'cloudformation':
      return queryAnswer(action, cloudFormation.answer(action, form))
    case 'json': {
      const operation = jsonOperations[what]
      if (operation === undefined) throw new AwsRefusal('UnknownOperationException', what)
      return jsonAnswer(operation(account, JSON.parse(body.toString('utf8'))))
    }
    case 's3':
      return answerS3(
        account,
        request.method ?? 'GET',
        url,
        new Headers(z.record(z.string(), z.string()).parse(request.headers)),
        body,
      )
    case 'lambda':
      throw new AwsRefusal('ResourceNotFoundException', 'Function not found', 404)
    case 'remote':
      return jsonAnswer({
        apiVersion: 1,
        region: account.region,
        storageBucket:
          [...account.stacks.values()].map(({ outputs }) => outputs['StorageBucket']).find((name) => name) ?? 'a-bucket',
      })
  }
}
