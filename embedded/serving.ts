import { readFile, rm, writeFile } from 'node:fs/promises'
import * as z from 'zod'
import { libraryPaths } from './library.ts'

const servingSchema = z.object({ url: z.url(), processId: z.int().positive() })
export type Serving = z.infer<typeof servingSchema>

/** Another process has this library open. */
export class LibraryInUseError extends Error {
  override readonly name = 'LibraryInUseError'
}

/** Leaves a note for other processes of this user: the library is open here, and reached at this address. */
export async function announceServing(folder: string, url: string): Promise<void> {
  const serving: Serving = { url, processId: process.pid }
  await writeFile(libraryPaths(folder).serving, JSON.stringify(serving), { mode: 0o600 })
}

export async function withdrawServing(folder: string): Promise<void> {
  await rm(libraryPaths(folder).serving, { force: true })
}

/** The note, which a killed process may have left: only an answer from the address says that somebody is there. */
export async function findServing(folder: string): Promise<Serving | undefined> {
  try {
    return servingSchema.parse(JSON.parse(await readFile(libraryPaths(folder).serving, 'utf8')))
  } catch {
    return undefined
  }
}
