import { createHash } from 'node:crypto'
import { digestBytes } from '../state/folder-digests.ts'
import type { ScannedBatch } from './scan.ts'

const numbersOfFile = 5

/** What a batch's files are called, how they are, and under which location they would be confirmed. */
export function digestOf({ folder, files }: ScannedBatch): Buffer {
  const numbers = new Float64Array(files.length * numbersOfFile)
  let names = folder.location
  let index = 0
  for (const { name, fingerprint } of files) {
    names += `\0${name}` // which no name holds
    numbers[index++] = fingerprint.device
    numbers[index++] = fingerprint.inode
    numbers[index++] = fingerprint.sizeBytes
    numbers[index++] = fingerprint.mtimeMs
    numbers[index++] = fingerprint.ctimeMs
  }
  return createHash('sha256').update(names, 'latin1').update(numbers).digest().subarray(0, digestBytes)
}
