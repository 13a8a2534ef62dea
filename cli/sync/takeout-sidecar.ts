/** How many bytes from the start of a JSON file tell whether it is a sidecar. */
export const takeoutHeadBytes = 64 * 1024

/**
 * Whether the start of a JSON file has the keys of Takeout's metadata: of a photo (`photoTakenTime`, `creationTime`) or of an
 * album (`access`, `date`). Any other JSON beside photos is a program's own. Takeout's keys are the same in every language, the
 * names of its files are not, and are cut short besides.
 */
export function isTakeoutSidecar(head: Buffer): boolean {
  const has = (key: string): boolean => head.includes(`"${key}"`)
  return has('photoTakenTime') || (has('title') && (has('creationTime') || (has('access') && has('date'))))
}
