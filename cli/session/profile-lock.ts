import { readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { makeFolder } from '../make-folder.ts'
import type { Clock } from '../remote/retry.ts'
import { findLevelCode, isDamage } from '../state/level-failure.ts'
import { findRegularFile } from './private-file.ts'
import { type ProfilePlace, profilePath, unusable } from './profile.ts'
import { sweepLeftovers } from './write-durably.ts'

/** Who holds it talks to the remote, which may take a minute when the network is bad. */
const attemptsToLock = 600
const betweenAttemptsMs = 200

export interface LockOptions {
  readonly clock: Clock
  /** Ends the waiting, never the work. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Does something that no other process, and nothing else in this one, does at the same time for this profile. The lock is
 * that of an empty LevelDB: the kernel lets go of it when a process dies, on every system. Throws a `UserError` with exit
 * code 11 where somebody holds it for minutes, and with 5 where the folder does not let itself be used.
 */
export async function withProfileLock<T>(place: ProfilePlace, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const lock = await acquire(place, options)
  try {
    await sweep(place)
    return await work()
  } finally {
    await lock.close()
  }
}

async function sweep(place: ProfilePlace): Promise<void> {
  try {
    await sweepLeftovers(await findRegularFile(profilePath(place)))
  } catch (error) {
    throw unusable(place, 'read', error)
  }
}

async function acquire(place: ProfilePlace, { clock, signal }: LockOptions): Promise<ClassicLevel> {
  const path = join(place.folder, `${place.name}.lock`)
  for (let attempts = 1; ; attempts += 1) {
    const lock = await lockFolder(path).catch((error: unknown) => {
      throw unusable(place, 'locked', error)
    })
    if (lock !== undefined) return lock
    if (attempts === attemptsToLock) throw busy(place)
    await clock.delay(betweenAttemptsMs, signal)
  }
}

/** Locks a folder of ours, which is made where it is not there; undefined while somebody else has it. The lock is let go of by closing it. */
export async function lockFolder(path: string): Promise<ClassicLevel | undefined> {
  try {
    return await tryToLock(path)
  } catch (error) {
    if (isDamage(error)) await makeAnew(path)
    else if (findLevelCode(error) !== 'LEVEL_LOCKED') throw error
    return undefined
  }
}

async function tryToLock(path: string): Promise<ClassicLevel> {
  await makeFolder(dirname(path), 0o700)
  await makeFolder(path, 0o700)
  const lock = new ClassicLevel(path)
  await lock.open()
  return lock
}

/** All but the file that is locked: who holds it keeps it. There is nothing in the rest. */
async function makeAnew(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    if (name !== 'LOCK') await rm(join(path, name), { force: true })
  }
}

function busy({ name }: ProfilePlace): UserError {
  return new UserError(`another run of photos is busy with the profile ${name}`, {
    exitCode: exitCodes.locked,
    hint: 'wait until it has ended, then run the command again',
  })
}
