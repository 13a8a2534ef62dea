import type { ContentHash } from '../../contract/content-hash.ts'
import { maximumBatchSize } from '../../contract/photos.ts'
import type { Restored, Trashed } from '../../contract/trash.ts'
import type { TrashTarget } from './trash-targets.ts'

export interface ChangedPhoto<Answer> {
  readonly target: TrashTarget
  readonly answer: Answer
}

/** Has photos put into the trash, or taken out of it, and passes on what came of each, in the order in which they were named. */
export async function* changeTrash<Answer extends Trashed | Restored>(
  targets: readonly TrashTarget[],
  change: (contentHashes: readonly ContentHash[]) => Promise<readonly Answer[]>,
): AsyncGenerator<ChangedPhoto<Answer>> {
  for (let start = 0; start < targets.length; start += maximumBatchSize) {
    const batch = targets.slice(start, start + maximumBatchSize)
    const answers = await change(batch.map(({ contentHash }) => contentHash))
    for (const [index, target] of batch.entries()) {
      const answer = answers[index]
      if (answer !== undefined) yield { target, answer }
    }
  }
}
