import { expect, test } from 'vitest'
import { createAdmitSignUpHandler, SignUpRefusedError } from '../../lambda/admit-sign-up.ts'
import { signUp } from './recorded-events/sign-up.ts'

const admit = createAdmitSignUpHandler({ PHOTOS_GOOGLE_EMAILS: 'Ana@example.org,ben@example.org' }, () => {})

test.each(['ana@example.org', 'Ben@Example.org'])('%s comes in with Google', async (email) => {
  const event = signUp('PreSignUp_ExternalProvider', { email, email_verified: 'true' })
  expect(await admit(event)).toBe(event)
})

test('whom an administrator makes an account for comes in', async () => {
  const event = signUp('PreSignUp_AdminCreateUser', { email: 'carl@example.org' }, 'carl@example.org')
  expect(await admit(event)).toBe(event)
})

test.each([
  ['somebody else from Google', signUp('PreSignUp_ExternalProvider', { email: 'eve@example.org', email_verified: 'true' })],
  [
    'an address that Google did not verify',
    signUp('PreSignUp_ExternalProvider', { email: 'ana@example.org', email_verified: 'false' }),
  ],
  ['an account without an address', signUp('PreSignUp_ExternalProvider', { email_verified: 'true' })],
  ['an empty address', signUp('PreSignUp_ExternalProvider', { email: '', email_verified: 'true' })],
  ['another provider', signUp('PreSignUp_ExternalProvider', { email: 'ana@example.org', email_verified: 'true' }, 'Other_1')],
  ['who signs up alone, should that be turned on', signUp('PreSignUp_SignUp', { email: 'ana@example.org' }, 'ana@example.org')],
])('%s is refused', async (_who, event) => {
  await expect(admit(event)).rejects.toThrow(SignUpRefusedError)
})

test('without Google nobody comes from there', async () => {
  const admitNobody = createAdmitSignUpHandler({ PHOTOS_GOOGLE_EMAILS: '' }, () => {})
  const event = signUp('PreSignUp_ExternalProvider', { email: 'ana@example.org', email_verified: 'true' })
  await expect(admitNobody(event)).rejects.toThrow(SignUpRefusedError)
})
