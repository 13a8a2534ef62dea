import { sniffContentType } from '../../contract/content-signatures.ts'
import { findMediaTypeByName, refineContentType } from '../../contract/media-types.ts'
import type { BytePath } from '../byte-path.ts'
import { jsonContentType } from './plan.ts'
import { isTakeoutSidecar, takeoutHeadBytes } from './takeout-sidecar.ts'

/**
 * What a file is, if it is a photo, a video or a sidecar: by its first bytes, and by its name where these say nothing or not
 * enough. JSON is a sidecar by its content only.
 *
 * @param head as much as tells the type, or all of the file
 */
export function findContentType(name: BytePath, head: Buffer): string | undefined {
  const named = findMediaTypeByName(name)?.contentType
  const shown = sniffContentType(head)
  if (shown !== undefined) return refineContentType(shown, named)
  return named === jsonContentType && !isTakeoutSidecar(head.subarray(0, takeoutHeadBytes)) ? undefined : named
}
