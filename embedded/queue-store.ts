import { ClassicLevel } from 'classic-level'
import * as z from 'zod'
import { isLevelLocked } from './level-lock.ts'
import { LibraryInUseError } from './serving.ts'

const messageSchema = z.object({ id: z.string(), body: z.string(), receives: z.int().nonnegative(), sentAt: z.int() })
export type Message = Readonly<z.infer<typeof messageSchema>>

/** The messages of a queue on disk. Every change has reached the disk when its promise resolves, but for {@link QueueStore.remove}. */
export interface QueueStore {
  /** All that are not dead, oldest first. */
  load(): Promise<readonly Message[]>
  save(message: Message): Promise<void>
  /** Outlives the process, not a power failure: the message then comes once more, as any message may. */
  remove(message: Message): Promise<void>
  /** From the queue to the dead letters. */
  bury(message: Message): Promise<void>
  deadLetters(): Promise<readonly Message[]>
  clearDeadLetters(): Promise<void>
  close(): Promise<void>
}

/** Throws a {@link LibraryInUseError} when another process has it open. */
export async function openQueueStore(folder: string): Promise<QueueStore> {
  const database = new ClassicLevel<string, string>(folder)
  await database.open().catch((error: unknown) => {
    if (isLevelLocked(error)) throw new LibraryInUseError('another process has this library open', { cause: error })
    throw error
  })
  const waiting = database.sublevel('waiting')
  const dead = database.sublevel('dead')
  const put = (sublevel: typeof waiting, message: Message) =>
    ({ type: 'put', sublevel, key: message.id, value: JSON.stringify(message) }) as const
  const del = (sublevel: typeof waiting, message: Message) => ({ type: 'del', sublevel, key: message.id }) as const
  const durably = { sync: true }
  const parse = (texts: readonly string[]) => texts.map((text) => messageSchema.parse(JSON.parse(text)))

  return {
    load: async () => parse(await waiting.values().all()),
    save: (message) => database.batch([put(waiting, message)], durably),
    remove: (message) => database.batch([del(waiting, message)]),
    bury: (message) => database.batch([put(dead, message), del(waiting, message)], durably),
    deadLetters: async () => parse(await dead.values().all()),
    clearDeadLetters: () => dead.clear(),
    close: () => database.close(),
  }
}
