import { ClassicLevel } from 'classic-level'
import * as z from 'zod'

/** What a write outlives: everything, which takes a flush of the disk, or the end of the process alone. */
export type Outlives = 'power-failure' | 'process'

/** What sign-in remembers on disk. Writes outlive a power failure unless they are told not to: a lost one could sign somebody out. */
export interface SignInStore {
  /** What was kept under a key, unless it has expired. */
  find(key: string): Promise<unknown>
  put(key: string, value: unknown, expiresAt: Date, outlives?: Outlives): Promise<void>
  remove(key: string, outlives?: Outlives): Promise<void>
  /** Removes all whose key starts so and for which `isMeant` holds. */
  removeWhere(prefix: string, isMeant: (value: unknown) => boolean): Promise<void>
  /** Removes what has expired, and gives its room back. */
  sweep(): Promise<void>
  close(): Promise<void>
}

const entrySchema = z.object({ value: z.unknown(), expiresAt: z.int() })
const durably = { sync: true }
const writing = { 'power-failure': durably, process: { sync: false } } as const

/** Opens a folder that no other process has open, and sweeps what has expired. */
export async function openSignInStore(folder: string, now: () => Date): Promise<SignInStore> {
  const database = new ClassicLevel<string, string>(folder)
  await database.open()
  const parse = (text: string) => entrySchema.parse(JSON.parse(text))
  const hasExpired = (expiresAt: number) => expiresAt <= now().getTime()

  const sweep = async () => {
    const expired: string[] = []
    for await (const [key, text] of database.iterator()) if (hasExpired(parse(text).expiresAt)) expired.push(key)
    await database.batch(expired.map((key) => ({ type: 'del', key })))
    if (expired.length > 0) await database.compactRange('', '\uffff')
  }
  await sweep()

  return {
    async find(key) {
      const text = await database.get(key)
      if (text === undefined) return undefined
      const { value, expiresAt } = parse(text)
      return hasExpired(expiresAt) ? undefined : value
    },
    put: (key, value, expiresAt, outlives = 'power-failure') =>
      database.put(key, JSON.stringify({ value, expiresAt: expiresAt.getTime() }), writing[outlives]),
    remove: (key, outlives = 'power-failure') => database.del(key, writing[outlives]),
    async removeWhere(prefix, isMeant) {
      const entries = await database.iterator({ gte: prefix, lt: `${prefix}\uffff` }).all()
      const meant = entries.filter(([, text]) => isMeant(parse(text).value))
      await database.batch(
        meant.map(([key]) => ({ type: 'del', key })),
        durably,
      )
    },
    sweep,
    close: () => database.close(),
  }
}
