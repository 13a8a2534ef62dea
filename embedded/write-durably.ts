import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { moveDurably, writeDurableFile } from './s3/durable-file.ts'

/** Puts a small file of one's own (0600) in place: whole or not at all, also when the power fails. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`
  try {
    await writeDurableFile(temporary, (file) => file.writeFile(text))
    await moveDurably(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
