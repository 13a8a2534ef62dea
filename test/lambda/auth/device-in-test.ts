import { expect } from 'vitest'
import * as z from 'zod'
import { deviceCodeGrantType } from '../../../contract/device-grant.ts'
import { type AuthInTest, postForm, type ResponseInTest, request } from './auth-in-test.ts'
import { clientId } from './managed-login-in-test.ts'

const authorizationSchema = z.strictObject({
  device_code: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  user_code: z.string().regex(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
  verification_uri: z.literal('https://photos.example/device'),
  verification_uri_complete: z.string(),
  expires_in: z.literal(600),
  interval: z.literal(5),
})

const tokensSchema = z.strictObject({
  access_token: z.string(),
  id_token: z.string(),
  refresh_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int(),
  scope: z.string(),
})
export type TokensInTest = z.infer<typeof tokensSchema>

const errorSchema = z.strictObject({ error: z.string(), error_description: z.string().regex(/^[\x20-\x7e]+$/) })

/** A machine without a browser that asks to be let in. */
export interface DeviceInTest {
  readonly deviceCode: string
  readonly userCode: string
  /** Its tokens, or the error that it was told. */
  poll(): Promise<TokensInTest | string>
}

/** @param sourceIp empty where a proxy stands between */
export async function openDeviceInTest(inTest: AuthInTest, deviceName = 'NAS', sourceIp = '203.0.113.7'): Promise<DeviceInTest> {
  const form = { client_id: clientId, device_name: deviceName }
  const response = await request(inTest.handler, postForm('/oauth/device_authorization', form, { sourceIp }))
  expect(response.status).toBe(200)
  const answer = authorizationSchema.parse(JSON.parse(response.body))
  expect(answer.verification_uri_complete).toBe(`https://photos.example/device?user_code=${answer.user_code}`)
  return {
    deviceCode: answer.device_code,
    userCode: answer.user_code,
    poll: async () => tokensOrError(await request(inTest.handler, tokenRequest(answer.device_code))),
  }
}

export function tokenRequest(deviceCode: string) {
  return postForm('/oauth/token', { grant_type: deviceCodeGrantType, client_id: clientId, device_code: deviceCode })
}

export function tokensOrError({ status, body }: ResponseInTest): TokensInTest | string {
  if (status === 200) return tokensSchema.parse(JSON.parse(body))
  expect(status).toBe(400)
  return errorSchema.parse(JSON.parse(body)).error
}
