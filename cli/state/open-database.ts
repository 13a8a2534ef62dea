import type { BigIntStats, Stats } from 'node:fs'
import { lstat, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { errorCode } from '../error-code.ts'
import { makeFolder } from '../make-folder.ts'
import { findDamage } from './find-damage.ts'
import { describeFailure, isDamage } from './level-failure.ts'

export type Database = ClassicLevel<string, Buffer>

/** Moves aside what is no folder, and no link to one. */
async function makeRoom(path: string, notes: string[]): Promise<void> {
  if ((await unlessGone(lstat(path))) === undefined || (await unlessGone(stat(path)))?.isDirectory()) return
  notes.push(noteOfDamage('it was no folder', await moveAside(path)))
}

/** Undefined also for a link that leads nowhere. */
async function unlessGone(stats: Promise<Stats>): Promise<Stats | undefined> {
  try {
    return await stats
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ELOOP') return undefined
    throw error
  }
}

function noteOfDamage(damage: string, aside: string): string {
  return `the local state was damaged (${damage}); it now lies in ${aside}, and files will be hashed again`
}

export interface OpenedDatabase {
  readonly database: Database
  /** It was made just now. */
  readonly isNew: boolean
  /**
   * Whether it still lies at its path: somebody may have deleted it under us, and another run have made one of its own there. To
   * be asked while it is open: no other file is given the number of its own then.
   */
  isInPlace(): Promise<boolean>
}

/**
 * Opens a database, and makes it where there is none. One that is damaged is moved aside, with a note; throws what the system
 * is to blame for.
 */
export async function openOrReplace(path: string, notes: string[]): Promise<OpenedDatabase> {
  await makeRoom(path, notes)
  await makeFolder(path, 0o700)
  const isNew = (await unlessGone(lstat(join(path, 'CURRENT')))) === undefined
  const opened = await openUnlessDamaged(path)
  if (opened.kind === 'open') return { database: opened.database, isNew, isInPlace: await placeOf(path) }
  const aside = await moveAside(path)
  const database = await open(path)
  notes.push(noteOfDamage(opened.damage, aside))
  return { database, isNew: true, isInPlace: await placeOf(path) }
}

async function placeOf(path: string): Promise<OpenedDatabase['isInPlace']> {
  const before = await findLock(path)
  return async () => {
    const now = await findLock(path)
    return now !== undefined && now.ino === before?.ino && now.dev === before.dev
  }
}

/** LevelDB keeps this file open all along. Undefined where it is gone, or the system does not say. */
async function findLock(path: string): Promise<BigIntStats | undefined> {
  return await stat(join(path, 'LOCK'), { bigint: true }).catch(() => undefined)
}

type Opened = { readonly kind: 'open'; readonly database: Database } | { readonly kind: 'damaged'; readonly damage: string }

async function openUnlessDamaged(path: string): Promise<Opened> {
  const damage = await findDamage(path)
  if (damage !== undefined) return { kind: 'damaged', damage }
  try {
    return { kind: 'open', database: await open(path) }
  } catch (error) {
    if (!isDamage(error)) throw error
    return { kind: 'damaged', damage: describeFailure(error) }
  }
}

async function open(path: string): Promise<Database> {
  const database: Database = new ClassicLevel(path, { keyEncoding: 'utf8', valueEncoding: 'buffer' })
  await database.open()
  return database
}

/** One damaged database is kept for those who want to know why; an older one makes room for it. */
export async function moveAside(path: string): Promise<string> {
  const aside = `${path}-damaged`
  await rm(aside, { recursive: true, force: true })
  await rename(path, aside)
  return aside
}
