import { paginateListStackResources } from '@aws-sdk/client-cloudformation'
import { whileDoing } from './aws-failures.js'
import { DeployFailure } from './deploy-failure.js'

/** What serverless.yml puts on the stack (`stackTags`), and CloudFormation on everything in it that can be tagged. */
export const ourTags = Object.freeze({ application: 'photos' })

/** @param {Readonly<Record<string, string>>} tags */
export function hasOurTags(tags) {
  return Object.entries(ourTags).every(([name, value]) => tags[name] === value)
}

/**
 * As the APIs of AWS list them.
 * @param {readonly { Key?: string | undefined, Value?: string | undefined }[]} [listed]
 * @returns {Readonly<Record<string, string>>}
 */
export function tagsOf(listed = []) {
  return Object.fromEntries(listed.map(({ Key = '', Value = '' }) => [Key, Value]))
}

/**
 * Throws a `DeployFailure` unless the stack is one of photos: others may be called `photos-prod`, too, and to upgrade or to remove theirs
 * would replace or delete what is in it. It takes our tag, which others may use as well, together with the bucket of the photos or with
 * nothing that could be anybody's: no more than what a first deployment that did not come to its end has left.
 * @param {import('@aws-sdk/client-cloudformation').CloudFormationClient} client
 * @param {import('./stack.js').Stack | undefined} stack
 * @param {import('./names.js').Names} names
 * @param {readonly import('./kept.js').Kept[]} kept
 */
export async function requireOurStack(client, stack, names, kept) {
  if (stack === undefined) return
  const resources = await whileDoing('look at what is in the stack', () => resourcesOf(client, stack.name))
  // A stack that was named and never made has nothing yet, tags neither.
  if (stack.status === 'REVIEW_IN_PROGRESS' && resources.length === 0) return
  const own = new Set([names.storageBucket, names.uploadBucket, names.indexTable, names.authTable, ...kept.map(({ id }) => id)])
  const isBegun = resources.every(
    ({ id, logicalId, isThere }) => !isThere || own.has(id) || logicalId.startsWith('ServerlessDeploymentBucket'),
  )
  if (hasOurTags(stack.tags) && (isBegun || resources.some(({ id }) => id === names.storageBucket))) return
  throw new DeployFailure(
    `there is a stack ${stack.name} in this account and region already, which is none of photos: it has ` +
      (hasOurTags(stack.tags) ? `no bucket ${names.storageBucket}` : 'no tag application = photos'),
    (commands) => `It is left alone. ${otherStage(commands)}`,
  )
}

/** @param {import('@aws-sdk/client-cloudformation').CloudFormationClient} client @param {string} StackName */
async function resourcesOf(client, StackName) {
  const resources = []
  for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName })) {
    for (const { PhysicalResourceId = '', LogicalResourceId = '', ResourceStatus } of StackResourceSummaries) {
      const isThere = ResourceStatus !== 'DELETE_COMPLETE'
      resources.push({ id: PhysicalResourceId, logicalId: LogicalResourceId, isThere })
    }
  }
  return resources
}

/**
 * For what has the name of something of photos, and not its mark: neither taken in nor told how to delete.
 * @param {string} what as in `the table photos-index-prod`
 * @param {(aws: import('./commands.js').Commands['aws']) => string} toMark
 */
export function noneOfOurs(what, toMark) {
  return new DeployFailure(
    `${what} is there already, and is none of photos: it has no tag application = photos`,
    (commands) =>
      `It is left alone. ${otherStage(commands)}\n` +
      `If it is one of photos all the same, and its tag was taken away: ${toMark(commands.aws)}`,
  )
}

/** @param {import('./commands.js').Commands} commands */
function otherStage({ line, again }) {
  return line.script === 'deploy'
    ? `Choose a stage of another name: ${again({ stage: 'photos2' })}`
    : `If yours has another stage, say which: ${again({ stage: 'STAGE' })}`
}
