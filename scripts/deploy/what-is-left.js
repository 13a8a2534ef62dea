import { howToDelete } from './how-to-delete.js'
import { describeKept } from './kept.js'
import { chosen, settingsOf } from './settings.js'
import { say } from './tell.js'

/**
 * @typedef {object} Left
 * @property {import('./aws-account.js').Account} account
 * @property {import('./names.js').Names} names
 * @property {boolean} removed whether anything was deployed
 * @property {import('./remembered.js').Remembered | undefined} remembered what it was deployed with, where that is known
 * @property {import('./commands.js').Commands} commands
 */

/**
 * Says what a removed deployment leaves in the account, how to take it in again, and how to delete it. The commands of the latter go
 * to standard output, whole.
 * @param {readonly import('./kept.js').Kept[]} kept
 * @param {Left} left
 */
export function tellWhatIsLeft(kept, { account, names, removed, remembered, commands }) {
  const { googleClientId, certificateArn } = remembered?.parameters ?? {}
  const googleSecret = googleClientId ? names.googleSecret : undefined
  const done = removed ? 'Removed. ' : ''
  const beside = describeBeside(googleSecret, certificateArn || undefined)
  if (kept.length === 0 && beside.length === 0) {
    return say(
      `\n${done}Nothing of photos is left in this account and region.${maybeASecret(remembered, names, commands, account)}`,
    )
  }
  say(`\n${done}These are still there, and cost what they hold:`)
  for (const each of [...describeKept(kept), ...beside]) say(each)
  say(`\n${howToTakeIn({ account, remembered, commands })}`)
  say(
    '\nTo delete them for good, photos and all (nobody can bring them back): copy what you want to keep first, with photos pull, as ' +
      'long as it is deployed. Then type all of this, here or in AWS CloudShell (the >_ at the top of the console of AWS):' +
      maybeASecret(remembered, names, commands, account),
  )
  say('')
  const profile = commands.line.profile ?? process.env['AWS_PROFILE']
  const others = {
    profile,
    googleSecret,
    certificateArn: certificateArn || undefined,
    chosenParameter: remembered && names.chosenParameter,
  }
  process.stdout.write(`${howToDelete(kept, account, others)}\n`)
}

/** What no deployment made, and nobody else tells of. @param {string | undefined} googleSecret @param {string | undefined} certificateArn */
function describeBeside(googleSecret, certificateArn) {
  return [
    ...(googleSecret === undefined ? [] : [`  secret     ${googleSecret}  (that of Google, 0.40 USD a month)`]),
    ...(certificateArn === undefined ? [] : [`  certificate  ${certificateArn}  (costs nothing)`]),
  ]
}

/** @param {Pick<Left, 'account' | 'remembered' | 'commands'>} left */
function howToTakeIn({ account, remembered, commands }) {
  if (remembered === undefined || remembered.unreadable.length > 0) {
    const again = commands.again({ script: 'deploy' })
    return (
      `To take them in again: ${again}\nWhat it was deployed with is not known any more: give a --param for everything that was ` +
      'chosen then.'
    )
  }
  const parameters = Object.fromEntries(chosen(settingsOf({}, remembered.parameters, account.region)))
  return `To take them in again, with what it was deployed with: ${commands.again({ script: 'deploy', parameters })}`
}

/**
 * Whether there is a secret of Google's is only known as long as it is known what was deployed.
 * @param {Left['remembered']} remembered
 * @param {import('./names.js').Names} names
 * @param {import('./commands.js').Commands} commands
 * @param {import('./aws-account.js').Account} account
 */
function maybeASecret(remembered, { googleSecret }, { aws }, { region }) {
  if (remembered !== undefined) return ''
  const deletion = aws(`secretsmanager delete-secret --secret-id ${googleSecret} --region ${region}`)
  return `\nIf people signed in with Google, its secret is there, too, for 0.40 USD a month: ${deletion}`
}
