import { type ObjectRecord, objectRecordSchema, type RecordDatabase, recordName } from './records.ts'

export interface ListQuery {
  readonly bucket: string
  readonly prefix: string
  /** Empty for none. */
  readonly delimiter: string
  /** Only what comes behind it; a common prefix that it starts with has been listed already. */
  readonly after: string
  readonly maximumEntries: number
}

export type ListEntry =
  | { readonly kind: 'object'; readonly key: string; readonly record: ObjectRecord }
  | { readonly kind: 'prefix'; readonly key: string }

export interface ListPage {
  readonly entries: readonly ListEntry[]
  /** True when at least one more entry follows. */
  readonly isTruncated: boolean
}

/** One page of a bucket in the order of the keys' UTF-8 bytes. */
export async function listObjects(database: RecordDatabase, query: ListQuery): Promise<ListPage> {
  const entries: ListEntry[] = []
  if (query.maximumEntries === 0) return { entries, isTruncated: false }
  for await (const entry of entriesOf(database, query)) {
    if (entries.length === query.maximumEntries) return { entries, isTruncated: true }
    entries.push(entry)
  }
  return { entries, isTruncated: false }
}

/** A common prefix is one entry, and what it hides is not read. */
async function* entriesOf(database: RecordDatabase, query: ListQuery): AsyncGenerator<ListEntry> {
  const base = recordName.object(query.bucket, '')
  const iterator = database.iterator({ gte: `${base}${query.prefix}`, lt: `${base.slice(0, -1)}0` })
  try {
    if (isBehind(query.after, query.prefix)) iterator.seek(`${base}${query.after}`)
    for (let next = await iterator.next(); next !== undefined; next = await iterator.next()) {
      const key = next[0].slice(base.length)
      if (!key.startsWith(query.prefix)) return
      const commonPrefix = findCommonPrefix(key, query)
      if (commonPrefix !== undefined) {
        if (!query.after.startsWith(commonPrefix)) yield { kind: 'prefix', key: commonPrefix }
        iterator.seek(`${base}${behindAllOf(commonPrefix)}`)
      } else if (key !== query.after) {
        yield toObject(key, next[1])
      }
    }
  } finally {
    await iterator.close()
  }
}

function toObject(key: string, text: string): ListEntry {
  return { kind: 'object', key, record: objectRecordSchema.parse(JSON.parse(text)) }
}

function findCommonPrefix(key: string, query: ListQuery): string | undefined {
  if (query.delimiter === '') return undefined
  const at = key.indexOf(query.delimiter, query.prefix.length)
  return at < 0 ? undefined : key.slice(0, at + query.delimiter.length)
}

function isBehind(left: string, right: string): boolean {
  return Buffer.compare(Buffer.from(left), Buffer.from(right)) > 0
}

/** The first text that comes behind everything that starts with `prefix`: its last character is the next one of Unicode. */
function behindAllOf(prefix: string): string {
  const characters = [...prefix]
  const last = characters.pop()?.codePointAt(0) ?? 0
  if (last === 0x10ffff) return `${behindAllOf(characters.join(''))}`
  return characters.join('') + String.fromCodePoint(last === 0xd7ff ? 0xe000 : last + 1)
}
