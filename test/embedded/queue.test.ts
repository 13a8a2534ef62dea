import type { SQSEvent } from 'aws-lambda'
import { expect, test } from 'vitest'
import { Queue } from '../../embedded/queue.ts'
import { openQueueStore } from '../../embedded/queue-store.ts'
import { LibraryInUseError } from '../../embedded/serving.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test('a message is handed out once and forgotten when it succeeds', async () => {
  const { queue, received } = await openQueue(await temporaryFolder(), () => true)
  await queue.send('one')
  await queue.send('two')
  await queue.whenIdle()
  expect(received).toEqual([
    ['one', '1'],
    ['two', '1'],
  ])
  expect(queue.pending()).toEqual([])
  await queue.close()
})

test('a failed message rests twice as long each time and ends among the dead letters', async () => {
  const { queue, received, rests } = await openQueue(await temporaryFolder(), () => false)
  await queue.send('poison')
  await queue.whenIdle()
  expect(received.map(([, receives]) => receives)).toEqual(['1', '2', '3', '4', '5'])
  expect(rests).toEqual([1000, 2000, 4000, 8000])
  expect(await queue.deadLetters()).toEqual(['poison'])
  await queue.close()
})

test('a function that throws counts as a failure of its message alone', async () => {
  const { queue, received } = await openQueue(await temporaryFolder(), (body) => {
    if (body === 'poison') throw new Error('broken')
    return true
  })
  await queue.send('poison')
  await queue.send('good')
  await queue.whenIdle()
  expect(received.filter(([body]) => body === 'good')).toHaveLength(1)
  expect(await queue.deadLetters()).toEqual(['poison'])
  await queue.close()
})

test('messages, receive counts and dead letters survive a process that ends in the middle', async () => {
  const folder = await temporaryFolder()
  const first = await openQueue(folder, () => false, { resting: 'for ever' })
  await first.queue.send('interrupted')
  await first.failedOnce
  await first.queue.close()

  const second = await openQueue(folder, () => false)
  await second.queue.whenIdle()
  expect(second.received.map(([, receives]) => receives)).toEqual(['2', '3', '4', '5'])
  await second.queue.close()

  const third = await openQueue(folder, () => true)
  expect(await third.queue.deadLetters()).toEqual(['interrupted'])
  await third.queue.close()
})

test('a queue is open in one place only', async () => {
  const folder = await temporaryFolder()
  const store = await openQueueStore(folder)
  await expect(openQueueStore(folder)).rejects.toThrow(LibraryInUseError)
  await store.close()
})

/** A queue whose clock runs ahead: what rests is woken at once, or never. */
async function openQueue(folder: string, succeeds: (body: string) => boolean, options: { resting?: 'for ever' } = {}) {
  const received: (readonly [string, string])[] = []
  const rests: number[] = []
  let reportFailure = () => {}
  const failedOnce = new Promise<void>((resolve) => {
    reportFailure = resolve
  })
  const queue = await Queue.open({
    store: await openQueueStore(folder),
    region: 'us-east-1',
    concurrency: 1,
    handler: async (event: SQSEvent) => {
      const failed = event.Records.filter((record) => {
        received.push([record.body, record.attributes.ApproximateReceiveCount])
        return !succeeds(record.body)
      })
      return { batchItemFailures: failed.map((record) => ({ itemIdentifier: record.messageId })) }
    },
    after: (delayMs, call) => {
      rests.push(delayMs)
      reportFailure()
      if (options.resting === undefined) setImmediate(call)
      return () => {}
    },
  })
  return { queue, received, rests, failedOnce }
}
