import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Begins with the files that take longest: one that began last would keep the others waiting. How long each one took is known
 * after a first run only, and a fresh clone has none.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}

/** As measured, from a minute and a half to five seconds; where one has changed its place, nothing is lost but some seconds at the end. */
const longest = [
  'whole-path/round-trip-property',
  'whole-path/kill-points',
  'whole-path/fault-scripts',
  'whole-path/kills',
  'whole-path/watch',
  'whole-path/cli',
  'whole-path/sign-in/browser',
  'whole-path/nas',
  'scripts/deploy-walk',
  'cli/program',
  'whole-path/corpus-dev',
  'whole-path/round-trip-kills',
  'cli/free-up/killed-free-up',
  'cli/sync/sync-memory',
  'deploy/artifacts',
  'deploy/policies',
  'whole-path/sign-in/two-refreshers',
  'whole-path/sign-in/no-secrets',
  'deploy/template-changes',
  'whole-path/faults',
  'cli/sync/folder-digests',
  'whole-path/limits',
  'lambda/process-upload',
  'scripts/whose-stack',
  'scripts/deploy',
  'cli/sync/sync',
  'cli/session/login',
  'lambda/trash',
  'cli/pull/pull-embedded',
].map((path) => `/test/${path}.test.ts`)

/** Its place among the longest; after them come the files that start processes, and then all others. */
function rank({ moduleId }: TestSpecification): number {
  const index = longest.findIndex((path) => moduleId.endsWith(path))
  if (index !== -1) return index
  return moduleId.includes('/test/whole-path/') ? longest.length : longest.length + 1
}
