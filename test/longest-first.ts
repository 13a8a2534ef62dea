import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Begins with the files that start processes, which take minutes: one that began last would keep the others waiting. How
 * long each one took is known after a first run only, and a fresh clone has none.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}

const longest = [
  /\/whole-path\/(round-trip-property|kill-points|fault-scripts|kills|nas|watch|cli)\.test\.ts$/,
  /\/(deploy-walk|whose-stack|killed-free-up|sync-memory|no-secrets)\.test\.ts$/,
  /\/whole-path\/[^/]+$/,
  /\/whole-path\//,
]

/** The place of the first pattern that the file's path matches; after all others without one. */
function rank({ moduleId }: TestSpecification): number {
  const index = longest.findIndex((pattern) => pattern.test(moduleId))
  return index === -1 ? longest.length : index
}
