import { quoted } from './commands.js'

/**
 * @typedef {import('./kept.js').Kept} Kept
 * @typedef {{ accountId: string, region: string }} Place
 *
 * What no stack has made.
 * @typedef {object} Beside
 * @property {string | undefined} profile as whom
 * @property {string | undefined} googleSecret of Secrets Manager
 * @property {string | undefined} certificateArn
 * @property {string | undefined} chosenParameter of SSM: what it was deployed with
 */

/** Ends with the first version that S3 refuses to delete: a locked one is no failure of the command, and would be listed for ever. */
const emptyBucket = `empty() { # BUCKET, and what delete-objects is to be told in addition
  while :; do
    aws s3api list-object-versions --bucket "$1" --max-items 500 --output json \\
      --query '{Objects: [Versions,DeleteMarkers][] | [].{Key:Key,VersionId:VersionId}}' > versions.json
    grep -q VersionId versions.json || break
    aws s3api delete-objects --bucket "$1" $2 --delete file://versions.json \\
      --query Errors --output json > refused.json
    if grep -q Code refused.json; then cat refused.json; echo "$1 is not empty: nothing else was deleted"; exit 1; fi
  done
}`

/**
 * What to type, all of it together, to delete them for good, in a shell with the AWS CLI (AWS CloudShell has it). It is one subshell
 * that ends with the first failure, so that the index outlives photos that could not be deleted; and it does nothing in
 * another account, where tables may have the same names.
 * @param {readonly Kept[]} kept buckets first
 * @param {Place} place
 * @param {Beside} beside
 * @returns {string}
 */
export function howToDelete(kept, { accountId, region }, { profile, googleSecret, certificateArn, chosenParameter }) {
  const asWhom = profile === undefined ? [] : [`export AWS_PROFILE=${quoted(profile)} # not in CloudShell`]
  const lines = [
    '( set -e',
    ...asWhom,
    `export AWS_REGION=${region} AWS_PAGER=`,
    `if [ "$(aws sts get-caller-identity --query Account --output text)" != ${accountId} ]; then echo another account; exit 1; fi`,
    ...(kept.some(({ type }) => type === 'AWS::S3::Bucket') ? [emptyBucket] : []),
    ...kept.flatMap(deletionOf),
    ...(googleSecret === undefined ? [] : [`aws secretsmanager delete-secret --secret-id ${googleSecret}`]),
    ...(certificateArn === undefined ? [] : [`aws acm delete-certificate --certificate-arn ${certificateArn}`]),
    ...(chosenParameter === undefined ? [] : [`aws ssm delete-parameter --name ${chosenParameter}`]),
    ')',
  ]
  return lines.join('\n')
}

/** @param {Kept} kept @returns {readonly string[]} */
function deletionOf({ type, id, locked }) {
  switch (type) {
    case 'AWS::S3::Bucket':
      // `s3 rb --force` leaves the older versions, and then fails: every version has to be named.
      return [`empty ${id}${locked ? ' --bypass-governance-retention' : ''}`, `aws s3api delete-bucket --bucket ${id}`]
    case 'AWS::DynamoDB::Table':
      return [`aws dynamodb delete-table --table-name ${id}`]
    case 'AWS::Cognito::UserPool':
      return [
        `aws cognito-idp update-user-pool --user-pool-id ${id} --deletion-protection INACTIVE`,
        `aws cognito-idp delete-user-pool --user-pool-id ${id}`,
      ]
    default:
      return []
  }
}
