import * as z from 'zod'

/** RFC 8628, section 3.4. */
export const deviceCodeGrantType = 'urn:ietf:params:oauth:grant-type:device_code'

/** Where the device grant lives, relative to the API's address. */
export const deviceGrantPaths = {
  deviceAuthorization: '/oauth/device_authorization',
  token: '/oauth/token',
  /** The verification URI (RFC 8628, section 3.2). */
  verification: '/device',
  callback: '/device/callback',
  confirm: '/device/confirm',
  decision: '/device/decision',
} as const

/** A parameter of our own in the device authorization request: how the person will recognise the device. */
export const deviceNameParameter = 'device_name'

/** Consonants that are not mistaken for one another, and make no words (RFC 8628, section 6.1). 20^8 codes. */
export const userCodeAlphabet = 'BCDFGHJKLMNPQRSTVWXZ'
export const userCodeLength = 8

/** A user code as it was typed: without case, hyphens and spaces. What comes out is compared and never shown. */
export const typedUserCodeSchema = z
  .string()
  .max(64)
  .transform((text) => text.toUpperCase().replaceAll(/[\s\p{Pd}]/gu, ''))
  .pipe(z.string().regex(new RegExp(`^[${userCodeAlphabet}]{${userCodeLength}}$`)))

/** `WDJBMJHT` as people read it: `WDJB-MJHT`. */
export function formatUserCode(userCode: string): string {
  return `${userCode.slice(0, userCodeLength / 2)}-${userCode.slice(userCodeLength / 2)}`
}
