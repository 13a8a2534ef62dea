import type { PreSignUpTriggerEvent } from 'aws-lambda'
import * as z from 'zod'
import { writeLogLine } from './log.ts'

export type AdmitSignUpHandler = (event: PreSignUpTriggerEvent) => Promise<PreSignUpTriggerEvent>

const environmentSchema = z.object({
  /** Whom Google may bring along: email addresses with commas between them. */
  PHOTOS_GOOGLE_EMAILS: z.string().transform((list) => new Set(list.toLowerCase().split(','))),
})

/** What Google says of an account, in Cognito's words. */
const googleAccountSchema = z.object({
  triggerSource: z.literal('PreSignUp_ExternalProvider'),
  userName: z.string().regex(/^google_/i),
  request: z.object({
    userAttributes: z.object({ email: z.email().toLowerCase(), email_verified: z.literal('true') }),
  }),
})

/** The sign-in page shows this text to whoever was refused. */
export class SignUpRefusedError extends Error {
  override readonly name = 'SignUpRefusedError'
}

/**
 * The user pool's trigger before it makes an account. Cognito makes one for everybody who comes from Google, also where only an
 * administrator may make accounts; here only those come in whom the operator named. Throws a SignUpRefusedError.
 */
export function createAdmitSignUpHandler(
  variables: Readonly<Record<string, string | undefined>>,
  log: typeof writeLogLine = writeLogLine,
): AdmitSignUpHandler {
  const { PHOTOS_GOOGLE_EMAILS: admitted } = environmentSchema.parse(variables)
  return async (event) => {
    if (event.triggerSource === 'PreSignUp_AdminCreateUser') return event
    const google = googleAccountSchema.safeParse(event)
    if (google.success && admitted.has(google.data.request.userAttributes.email)) return event
    log({ level: 'info', event: 'sign-up-refused' })
    throw new SignUpRefusedError('ask whoever runs this backend for an account')
  }
}

let created: AdmitSignUpHandler | undefined

/** The function that is deployed. */
export const handler: AdmitSignUpHandler = async (event) => {
  created ??= createAdmitSignUpHandler(process.env)
  return await created(event)
}
