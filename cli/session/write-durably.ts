import { randomBytes } from 'node:crypto'
import { open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * Replaces a file with mode 0600, or makes it. Whenever the process or the power dies, the file holds all of the old text
 * or all of the new one; after this has returned, the new one.
 */
export async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}${temporarySuffix}`
  try {
    await writeSynced(temporary, text)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/**
 * Puts a shorter text in the place of a file's own, where a full disk has no room for a second file. Whoever dies on the way
 * leaves a mixture of both texts behind.
 */
export async function overwrite(path: string, text: string): Promise<void> {
  const bytes = Buffer.from(text)
  const handle = await open(path, 'r+')
  try {
    await handle.write(bytes, 0, bytes.length, 0)
    await handle.truncate(bytes.length)
    await handle.sync()
  } catch (error) {
    await handle.truncate(0) // a file system that writes all anew has no room for this, either
    throw error
  } finally {
    await handle.close()
  }
}

/** Whether {@link writeDurably} could write so much, as far as that can be known before: throws what it would. */
export async function rehearseWrite(path: string, sizeBytes: number): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}${temporarySuffix}`
  try {
    await writeSynced(temporary, ' '.repeat(sizeBytes))
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Removes what killed writers of this file left behind. Only for who knows that nobody is writing it. */
export async function sweepLeftovers(path: string): Promise<void> {
  const prefix = `${basename(path)}.`
  for (const name of await readdir(dirname(path))) {
    if (name.startsWith(prefix) && name.endsWith(temporarySuffix)) await rm(join(dirname(path), name), { force: true })
  }
}

const temporarySuffix = '.tmp'

async function writeSynced(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A name is durable only once its folder is. Windows cannot open folders, and does not need it. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
