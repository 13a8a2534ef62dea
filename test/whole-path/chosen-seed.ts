import { randomBytes } from 'node:crypto'

/** The seed that `PHOTOS_TEST_SEED` names, or the usual one; another one each time for `random`. A whole number of 32 bits. */
export function chosenSeed(usual: number | 'random'): number {
  const chosen = process.env['PHOTOS_TEST_SEED'] || usual
  if (chosen === 'random') return randomBytes(4).readInt32LE()
  const seed = Number(chosen)
  if (!Number.isInteger(seed)) throw new Error(`PHOTOS_TEST_SEED is no whole number, nor random: ${chosen}`)
  return seed
}
