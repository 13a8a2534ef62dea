import {
  AdminCreateUserCommand,
  AdminGetUserCommand,
  CognitoIdentityProviderClient,
} from '@aws-sdk/client-cognito-identity-provider'
import { whileDoing } from './aws-failures.js'

/** @typedef {'invited' | 'invited-again' | 'is-there'} Invitation */

/**
 * Lets a person sign in: Cognito mails a temporary password. For one who was told before and has not signed in yet, the mail is
 * sent again; one who has is left alone.
 * @param {import('./aws-account.js').Account} account
 * @param {string} userPoolId
 * @param {string} email
 * @returns {Promise<Invitation>}
 */
export async function inviteUser({ client }, userPoolId, email) {
  const cognito = new CognitoIdentityProviderClient(client)
  try {
    return await whileDoing('create an account in the user pool', () => invite(cognito, userPoolId, email))
  } finally {
    cognito.destroy()
  }
}

/**
 * @param {CognitoIdentityProviderClient} cognito
 * @param {string} UserPoolId
 * @param {string} email
 * @returns {Promise<Invitation>}
 */
async function invite(cognito, UserPoolId, email) {
  const user = { UserPoolId, Username: email }
  const UserAttributes = [
    { Name: 'email', Value: email },
    // Whoever has the temporary password has had the mail.
    { Name: 'email_verified', Value: 'true' },
  ]
  try {
    await cognito.send(new AdminCreateUserCommand({ ...user, UserAttributes, DesiredDeliveryMediums: ['EMAIL'] }))
    return 'invited'
  } catch (error) {
    if (!(error instanceof Error && error.name === 'UsernameExistsException')) throw error
    const { UserStatus } = await cognito.send(new AdminGetUserCommand(user))
    if (UserStatus !== 'FORCE_CHANGE_PASSWORD') return 'is-there'
    await cognito.send(new AdminCreateUserCommand({ ...user, MessageAction: 'RESEND', DesiredDeliveryMediums: ['EMAIL'] }))
    return 'invited-again'
  }
}

/** What to say of it. @param {Invitation} outcome @param {string} email */
export function describeInvitation(outcome, email) {
  if (outcome === 'is-there') return `${email} has an account already and has signed in before; nothing was changed.`
  const again = outcome === 'invited-again' ? ' again' : ''
  return (
    `${email} is sent a mail${again}, from no-reply@verificationemail.com, with a temporary password that is good for 7 days ` +
    "(look under spam, too). The first sign-in asks for it once, and for a password of one's own."
  )
}
