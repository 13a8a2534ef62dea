import { createHash, randomUUID } from 'node:crypto'
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import { baseNames, maximumReceives } from '../lambda/aws/deployment.ts'
import type { Message, QueueStore } from './queue-store.ts'

/** How long a message rests after its first failure; twice as long after each further one. */
const firstRetryDelayMs = 1000

export interface QueueOptions {
  readonly store: QueueStore
  readonly region: string
  readonly handler: (event: SQSEvent) => Promise<SQSBatchResponse>
  /** Messages handed out at once, each as a batch of one. */
  readonly concurrency: number
  readonly now?: () => Date
  /** Calls back after some time, and gives a function that takes the appointment back. */
  readonly after?: (delayMs: number, call: () => void) => () => void
}

/**
 * Stands in for an SQS queue with a dead-letter queue and a function behind it: at least once, in no promised order.
 * A message is on disk with its receive count before it is handed out, so that one that ends the process is counted.
 */
export class Queue {
  readonly #store: QueueStore
  readonly #options: QueueOptions
  readonly #messages = new Map<string, Message>()
  readonly #ready: Message[] = []
  readonly #resting = new Map<string, () => void>()
  readonly #working = new Set<Promise<void>>()
  readonly #idleWaiters: (() => void)[] = []
  #closed = false
  #stopped = false

  private constructor(options: QueueOptions) {
    this.#store = options.store
    this.#options = options
  }

  /** Goes on with what an earlier process left. */
  static async open(options: QueueOptions): Promise<Queue> {
    const queue = new Queue(options)
    for (const message of await options.store.load()) queue.#accept(message)
    queue.#handOut()
    return queue
  }

  /** The message is on disk when this resolves. */
  async send(body: string): Promise<void> {
    const sentAt = (this.#options.now?.() ?? new Date()).getTime()
    const message = { id: `${String(sentAt).padStart(15, '0')}-${randomUUID()}`, body, receives: 0, sentAt }
    await this.#store.save(message)
    this.#accept(message)
    this.#handOut()
  }

  /** Bodies of the messages that wait, are being worked on, or rest after a failure. */
  pending(): readonly string[] {
    return [...this.#messages.values()].map((message) => message.body)
  }

  async deadLetters(): Promise<readonly string[]> {
    return (await this.#store.deadLetters()).map((message) => message.body)
  }

  /** Forgets dead letters, because what they were about was sent anew. */
  clearDeadLetters(): Promise<void> {
    return this.#store.clearDeadLetters()
  }

  /** Hands nothing more out until {@link resume}, as when the function's event source mapping is disabled. Messages are still taken. */
  stop(): void {
    this.#stopped = true
  }

  resume(): void {
    this.#stopped = false
    this.#handOut()
  }

  /** Resolves when no message is waiting, worked on or resting. */
  whenIdle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#messages.size === 0) resolve()
      else this.#idleWaiters.push(resolve)
    })
  }

  /** Waits for the messages that are being worked on; the others stay on disk. Closes the store. */
  async close(): Promise<void> {
    this.#closed = true
    for (const cancel of this.#resting.values()) cancel()
    await Promise.all(this.#working)
    await this.#store.close()
  }

  #accept(message: Message): void {
    this.#messages.set(message.id, message)
    this.#ready.push(message)
  }

  #handOut(): void {
    while (!this.#closed && !this.#stopped && this.#working.size < this.#options.concurrency) {
      const message = this.#ready.shift()
      if (message === undefined) break
      const task = this.#work({ ...message, receives: message.receives + 1 }).finally(() => {
        this.#working.delete(task)
        this.#handOut()
      })
      this.#working.add(task)
    }
    if (this.#messages.size === 0) for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }

  /** Never rejects: a disk that cannot take the bookkeeping is one more failure of the message. */
  async #work(message: Message): Promise<void> {
    try {
      await this.#store.save(message)
      const { batchItemFailures } = await this.#options.handler({ Records: [sqsRecord(message, this.#options.region)] })
      if (batchItemFailures.length > 0) return await this.#fail(message)
      await this.#store.remove(message)
      this.#messages.delete(message.id)
    } catch {
      await this.#fail(message).catch(() => this.#rest(message))
    }
  }

  async #fail(message: Message): Promise<void> {
    if (message.receives < maximumReceives) return this.#rest(message)
    await this.#store.bury(message)
    this.#messages.delete(message.id)
  }

  #rest(message: Message): void {
    if (this.#closed) return
    const wake = () => {
      this.#resting.delete(message.id)
      this.#ready.push(message)
      this.#handOut()
    }
    const delayMs = firstRetryDelayMs * 2 ** (Math.min(message.receives, maximumReceives) - 1)
    this.#resting.set(message.id, (this.#options.after ?? afterTimeout)(delayMs, wake))
  }
}

/** Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS", example event. */
function sqsRecord(message: Message, region: string): SQSRecord {
  return {
    messageId: message.id,
    receiptHandle: message.id,
    body: message.body,
    attributes: {
      ApproximateReceiveCount: String(message.receives),
      SentTimestamp: String(message.sentAt),
      SenderId: 'embedded',
      ApproximateFirstReceiveTimestamp: String(message.sentAt),
    },
    messageAttributes: {},
    md5OfBody: createHash('md5').update(message.body).digest('hex'),
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:${region}:000000000000:${baseNames.uploadQueue}`,
    awsRegion: region,
  }
}

function afterTimeout(delayMs: number, call: () => void): () => void {
  const timer = setTimeout(call, delayMs)
  return () => clearTimeout(timer)
}
