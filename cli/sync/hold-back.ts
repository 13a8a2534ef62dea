import type { ScannedBatch, ScannedFile } from './scan.ts'

/** Says of a file that was found that it is not for this run; whoever says so remembers it for a later one. */
export type IsHeldBack = (file: ScannedFile) => boolean

/** Passes on what was scanned without the files that are held back. They are neither read, nor counted, nor taken for gone. */
export async function* holdBack(scanned: AsyncIterable<ScannedBatch>, isHeldBack: IsHeldBack): AsyncGenerator<ScannedBatch> {
  for await (const batch of scanned) yield { ...batch, files: batch.files.filter((file) => !isHeldBack(file)) }
}
