import { type Adapter, type AdapterPayload, errors } from 'oidc-provider'
import * as z from 'zod'
import type { SignInStore } from './sign-in-store.ts'

const payloadSchema = z.record(z.string(), z.unknown())

/** What oidc-provider finds again. It makes others, too, that nobody here ever asks for, such as its own access tokens. */
const kept = new Set(['Interaction', 'Grant', 'AuthorizationCode'])

/** Where oidc-provider keeps what it must find again, one adapter a kind of thing. None of it is worth a flush of the disk: a sign-in can be repeated. */
export function createOidcAdapter(store: SignInStore, now: () => Date): (model: string) => Adapter {
  return (model) => {
    const consuming = new Set<string>()
    const keyOf = (id: string) => `oidc/${model}/${id}`
    const find = async (id: string): Promise<AdapterPayload | undefined> =>
      payloadSchema.safeParse(await store.find(keyOf(id))).data

    return {
      find,
      async upsert(id, payload, expiresInSeconds) {
        if (!kept.has(model)) return
        await store.put(keyOf(id), payload, new Date(now().getTime() + expiresInSeconds * 1000), 'process')
      },
      /** Once, also of many at once, each of which has found it unused: oidc-provider looks first, and takes it some steps later. */
      async consume(id) {
        if (consuming.has(id)) throw usedBefore()
        consuming.add(id)
        try {
          const payload = await find(id)
          if (payload === undefined || payload.consumed) throw usedBefore()
          // oidc-provider goes by the system's clock alone.
          const remainingMs = Number(payload.exp) * 1000 - Date.now()
          const consumed = Math.floor(Date.now() / 1000)
          await store.put(keyOf(id), { ...payload, consumed }, new Date(now().getTime() + remainingMs), 'process')
        } finally {
          consuming.delete(id)
        }
      },
      destroy: (id) => store.remove(keyOf(id), 'process'),
      revokeByGrantId: (grantId) => store.removeWhere(keyOf(''), (value) => payloadSchema.parse(value)['grantId'] === grantId),
      // Of sessions nothing is asked, and there is no device flow here: that one is in the auth function.
      findByUid: async () => undefined,
      findByUserCode: async () => undefined,
    }
  }
}

const usedBefore = () => new errors.InvalidGrant('authorization code already consumed')
