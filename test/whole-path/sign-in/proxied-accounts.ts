import { findLastingPort } from '../lasting-port.ts'
import { type Exchange, type RecordingProxy, startRecordingProxy } from './recording-proxy.ts'
import { type ServedAccounts, serveAccounts } from './served-accounts.ts'

/** A library with accounts, whose public address is a proxy that sees everything and may lose an answer. */
export interface ProxiedAccounts {
  readonly served: ServedAccounts
  readonly proxy: RecordingProxy
  close(): Promise<void>
}

export async function serveBehindProxy(): Promise<ProxiedAccounts> {
  const proxy = await startRecordingProxy()
  const port = await findLastingPort()
  proxy.forwardTo(`http://127.0.0.1:${port}`)
  const served = await serveAccounts({ port, publicUrl: proxy.url })
  return {
    served,
    proxy,
    async close() {
      await proxy.close()
      await served.close()
    },
  }
}

export function isRefresh({ requestHeaders }: Exchange): boolean {
  return String(requestHeaders['x-amz-target']).endsWith('.GetTokensFromRefreshToken')
}
