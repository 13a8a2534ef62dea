import { lookup } from 'node:dns/promises'
import * as z from 'zod'
import { DeployFailure } from './deploy-failure.js'
import { pause } from './pause.js'

/** As much of the public document (contract/remote-configuration.ts) as says that it is the right one. */
const documentSchema = z.object({ apiVersion: z.int(), region: z.string(), storageBucket: z.string() })

const mostTries = 12

/**
 * Asks the deployed API to describe itself, for a minute: a new name takes its time to be known. Throws a `DeployFailure` where
 * it cannot be reached, or is not what was deployed.
 * @param {string} url
 * @param {{ stage: string, region: string, storageBucket: string | undefined }} expected
 */
export async function checkRemote(url, { stage, region, storageBucket }) {
  const document = await describe(
    `${url}/.well-known/photos.json`,
    `logs tail /aws/lambda/photos-${stage}-api --region ${region}`,
  )
  const parsed = documentSchema.safeParse(document)
  if (
    parsed.success &&
    parsed.data.region === region &&
    (storageBucket ?? parsed.data.storageBucket) === parsed.data.storageBucket
  )
    return
  throw new DeployFailure(
    `${url} answers, but does not describe the deployment that was just made`,
    'Is the name led elsewhere? Compare the outputs of the stack in the console of AWS, under CloudFormation.',
  )
}

/** Whether this machine finds the name in the DNS. @param {string} hostname @param {(hostname: string) => Promise<unknown>} [find] */
export async function isKnownName(hostname, find = lookup) {
  return await find(hostname).then(
    () => true,
    () => false,
  )
}

/** @param {string} url @param {string} showLog of the AWS CLI @returns {Promise<unknown>} */
async function describe(url, showLog) {
  /** @type {unknown} */
  let failure
  for (let tries = 0; tries < mostTries; tries++) {
    if (tries > 0) await pause()
    try {
      const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(30_000) })
      if (response.ok) return await response.json()
      await response.arrayBuffer()
      failure = new Error(`it answers ${response.status}`)
    } catch (error) {
      failure = error
    }
  }
  throw new DeployFailure(
    `everything is deployed, but ${url} could not be reached (${reasonOf(failure)})`,
    ({ again, aws }) =>
      'A new name takes minutes to be known everywhere. Run it again then, nothing is made twice (docs/deploy.md, “When something ' +
      `fails”): ${again()}\nWhat the function says: ${aws(showLog)}`,
    failure,
  )
}

/** @param {unknown} error */
function reasonOf(error) {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message
}
