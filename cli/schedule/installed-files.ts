import { readdir, readFile } from 'node:fs/promises'
import { errorCode } from '../error-code.ts'
import { findJobName, type Replaced } from './scheduler.ts'

/** The names of the jobs that have a file in a folder; none where the folder is not there. @param suffix with its dot */
export async function findJobNames(folder: string, suffix: string): Promise<readonly string[]> {
  const names = await absentIs([], readdir(folder))
  return names
    .filter((name) => name.endsWith(suffix))
    .map((name) => findJobName(name.slice(0, -suffix.length)))
    .filter((name) => name !== undefined)
    .sort()
}

/**
 * What the files of a job hold now; undefined where there are none, or where they hold the same.
 *
 * @param written path and new text of each; @param folders as they stand in one of these texts
 */
export async function findReplaced(
  written: readonly { readonly path: string; readonly text: string }[],
  folders: string,
): Promise<Replaced | undefined> {
  const texts = await Promise.all(written.map(({ path }) => absentIs('', readFile(path, 'utf8'))))
  const text = texts.join('')
  if (text === '' || written.every((file, index) => file.text === texts[index])) return undefined
  return { text, hasSameFolders: text.includes(folders) }
}

async function absentIs<T>(value: T, reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return value
    throw error
  }
}
