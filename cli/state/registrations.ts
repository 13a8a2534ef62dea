import { crc32 } from 'node:zlib'
import type { ClassicLevel } from 'classic-level'
import { type ContentHash, contentHashOf, contentHashSchema } from '../../contract/content-hash.ts'

/**
 * A location that the remote may have of a file of this machine, and that no record of the file stands for: it was about to be
 * registered when the run was killed, or the file has other bytes by now, or is not there any more.
 */
export interface Registration {
  /** The file's folder and name, one character (U+0000 to U+00FF) a byte. */
  readonly folder: string
  readonly name: string
  readonly contentHash: ContentHash
  /** Length in bytes of the location, which is the tail of the file's path. */
  readonly locationBytes: number
  /** Of the file system that the file was on (`st_dev`). */
  readonly device: number
  /** What the remote has stored from the same file since. */
  readonly supersededBy: ContentHash | undefined
}

/**
 * The registrations that the remote must hear of again. As with all of the local state, no call ever fails for the database:
 * what is lost costs a file that comes back twice, never one that does not come back.
 */
export interface Registrations {
  /** What is durable outlives a power failure; what is not outlives the process only. */
  put(registrations: readonly Registration[], options: { readonly durable: boolean }): Promise<void>
  remove(registrations: readonly Registration[]): Promise<void>
  /** Those of one folder's files from the first name to the last, both included, in byte order. */
  find(folder: string, firstName: string, lastName: string): Promise<readonly Registration[]>
  /** Those of all files at or below a path, some at a time. Those that are put meanwhile may or may not be among them. */
  below(path: string): AsyncIterable<readonly Registration[]>
}

type Database = ClassicLevel<string, Buffer>
/** Does something with the database; where that fails, it is noted and answered with what is given. */
export type Attempt = <T>(work: () => Promise<T>, otherwise: T) => Promise<T>

const registrationsAtOnce = 500

export function openRegistrations(database: Database, attempt: Attempt): Registrations {
  const readRange = (gte: string, lt: string): Promise<readonly Registration[]> =>
    attempt(async () => {
      const entries = await database.iterator({ gte, lt, limit: registrationsAtOnce }).all()
      return entries.map(([key, value]) => decode(key, value))
    }, [])

  async function* pages(from: string, lt: string): AsyncGenerator<readonly Registration[]> {
    for (let gte = from; ; ) {
      const page = await readRange(gte, lt)
      if (page.length > 0) yield page
      const last = page.at(-1)
      if (last === undefined || page.length < registrationsAtOnce) return
      gte = `${keyOf(last)}\0`
    }
  }

  return {
    async put(registrations, { durable }) {
      if (registrations.length === 0) return
      const puts = registrations.map((one) => ({ type: 'put' as const, key: keyOf(one), value: encode(one) }))
      await attempt(() => database.batch(puts, { sync: durable }), undefined)
    },
    async remove(registrations) {
      if (registrations.length === 0) return
      await attempt(() => database.batch(registrations.map((one) => ({ type: 'del' as const, key: keyOf(one) }))), undefined)
    },
    async find(folder, firstName, lastName) {
      const found: Registration[] = []
      // No name and no content hash begins with the last character of these.
      const end = `${prefix}${folder}\0${lastName}\0\uffff`
      for await (const page of pages(`${prefix}${folder}\0${firstName}\0`, end)) found.push(...page)
      return found
    },
    async *below(path) {
      yield* pages(`${prefix}${path}\0`, `${prefix}${path}\u0001`)
      const inside = path.endsWith('/') ? path : `${path}/`
      yield* pages(`${prefix}${inside}`, `${prefix}${inside}\uffff`)
    },
  }
}

/** Before every path, which begins with a slash: records and registrations lie in one database, each on their own. */
const prefix = '\u0001'

function keyOf({ folder, name, contentHash, locationBytes }: Registration): string {
  return `${prefix}${folder}\0${name}\0${contentHash}\0${locationBytes}`
}

// CRC-32 of the rest, a double, and 32 bytes of SHA-256 where the registration is superseded; little-endian.
const crcBytes = 4
const hashOffset = crcBytes + 8
const hashBytes = 32

function encode({ device, supersededBy }: Registration): Buffer {
  const bytes = Buffer.alloc(hashOffset + (supersededBy === undefined ? 0 : hashBytes))
  bytes.writeDoubleLE(device, crcBytes)
  if (supersededBy !== undefined) bytes.write(supersededBy, hashOffset, 'hex')
  bytes.writeUInt32LE(crc32(bytes.subarray(crcBytes)), 0)
  return bytes
}

/** Of damaged bytes the key alone is believed: on no device that there is, and so never found to be gone. */
function decode(key: string, bytes: Buffer): Registration {
  const [folder = '', name = '', hash = '', locationBytes = ''] = key.slice(prefix.length).split('\0')
  const isWhole = bytes.length >= hashOffset && bytes.readUInt32LE(0) === crc32(bytes.subarray(crcBytes))
  return {
    folder,
    name,
    contentHash: contentHashSchema.parse(hash),
    locationBytes: Number(locationBytes),
    device: isWhole ? bytes.readDoubleLE(crcBytes) : -1,
    supersededBy: isWhole && bytes.length === hashOffset + hashBytes ? contentHashOf(bytes.subarray(hashOffset)) : undefined,
  }
}
