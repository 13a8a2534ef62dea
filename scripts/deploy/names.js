/**
 * What things of a stage are called in an account.
 * @typedef {object} Names
 * @property {string} storageBucket
 * @property {string} uploadBucket
 * @property {string} indexTable
 * @property {string} authTable
 * @property {string} userPool
 * @property {string} authSecret parameter of SSM
 */

/** @param {string} stage @param {{ accountId: string, region: string }} account @returns {Names} */
export function namesOf(stage, { accountId, region }) {
  return {
    storageBucket: `photos-storage-${stage}-${accountId}-${region}`,
    uploadBucket: `photos-uploads-${stage}-${accountId}-${region}`,
    indexTable: `photos-index-${stage}`,
    authTable: `photos-auth-${stage}`,
    userPool: `photos-${stage}`,
    authSecret: `/photos/${stage}/auth-secret`,
  }
}
