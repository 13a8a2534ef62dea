import { timingSafeEqual } from 'node:crypto'

/** Takes the same time wherever two texts of one length differ. */
export function isSame(left: string, right: string): boolean {
  const [leftBytes, rightBytes] = [Buffer.from(left), Buffer.from(right)]
  return leftBytes.length === rightBytes.length && timingSafeEqual(leftBytes, rightBytes)
}
