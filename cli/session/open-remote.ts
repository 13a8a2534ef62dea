import { resolve } from 'node:path'
import { type Context, defaultLibraryFolder } from '../context.ts'
import { openHttpRemote } from '../remote/http-remote.ts'
import type { Remote } from '../remote/remote.ts'
import { createTransport, type Transport } from '../remote/transport.ts'
import { type LibraryLog, openLibrary, requireLibrary } from './open-library.ts'

export interface RemoteOptions {
  /** The folder of an embedded library; without it the one in the user's data folder. */
  readonly library?: string | undefined
  /** Makes the library where there is none: only for a command that puts something into it. */
  readonly create: boolean
  readonly log: LibraryLog
}

export interface OpenedRemote {
  readonly remote: Remote
  readonly transport: Transport
  /** What a person should know of where their photos go, if they have not said it themselves. */
  readonly note?: string
  close(): Promise<void>
}

/** The remote of this run: a library of one's own, until there is a deployment to sign in to. */
export async function openRemote(options: RemoteOptions, context: Context): Promise<OpenedRemote> {
  const folder = resolve(options.library ?? defaultLibraryFolder(context))
  if (!options.create) await requireLibrary(folder)
  const library = await openLibrary(folder, options.log)
  const transport = createTransport()
  const close = async () => {
    transport.close()
    await library.close()
  }
  try {
    const { url, accessToken } = library
    const remote = await openHttpRemote({ url, accessToken, transport, signal: context.signal })
    const note = `no remote configured: the photos are kept on this machine, in ${folder}`
    return { remote, transport, close, ...(options.library === undefined && { note }) }
  } catch (error) {
    await close()
    throw error
  }
}
