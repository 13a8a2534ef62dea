import { createRequire } from 'node:module'

/** @type {typeof import('../../deploy/template-values.cjs')} */
const { deployedNames } = createRequire(import.meta.url)('../../deploy/template-values.cjs')

/**
 * What things of a stage are called in an account: those of the template (lambda/aws/deployment.ts).
 * @typedef {object} Names
 * @property {string} storageBucket
 * @property {string} uploadBucket
 * @property {string} indexTable
 * @property {string} authTable
 * @property {string} userPool
 * @property {string} authSecretParameter of SSM
 * @property {string} googleSecret of Secrets Manager
 * @property {string} chosenParameter of SSM, what was chosen; only the scripts know it
 */

/** @param {string} stage @param {{ accountId: string, region: string }} account @returns {Names} */
export function namesOf(stage, { accountId, region }) {
  return { ...deployedNames({ stage, accountId, region }), chosenParameter: `/photos/${stage}/parameters` }
}
