import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createOidcAdapter } from '../../../embedded/cognito/oidc-adapter.ts'
import { openSignInStore } from '../../../embedded/cognito/sign-in-store.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

test('of many who use a code at once one may, and nobody later', async () => {
  const store = await openSignInStore(join(await temporaryFolder(), 'sign-in'), () => new Date())
  onTestFinished(() => store.close())
  const codes = createOidcAdapter(store, () => new Date())('AuthorizationCode')
  await codes.upsert('a-code', { exp: Math.floor(Date.now() / 1000) + 60 }, 60)
  const used = await Promise.allSettled(Array.from({ length: 10 }, () => codes.consume('a-code')))
  expect(used.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  await expect(codes.consume('a-code')).rejects.toMatchObject({ error: 'invalid_grant' })
  await expect(codes.consume('another')).rejects.toMatchObject({ error: 'invalid_grant' })
})
