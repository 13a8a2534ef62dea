import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RemoteConfiguration, remoteConfigurationSchema } from '../../../contract/remote-configuration.ts'
import { type EmbeddedBackend, type EmbeddedOptions, serveLibrary } from '../../../embedded/serve.ts'
import type { LogEntry } from '../../../lambda/log.ts'
import { addAccountInTest } from '../../embedded/add-account-in-test.ts'
import { ask, jsonOf } from './http-answer.ts'

export interface AccountInTest {
  readonly email: string
  readonly password: string
  readonly owner: string
}

/** A library with two accounts, served by this process, for the tests of a file to share. */
export interface ServedAccounts {
  readonly folder: string
  readonly backend: EmbeddedBackend
  readonly url: string
  readonly configuration: RemoteConfiguration
  readonly logged: readonly LogEntry[]
  readonly alice: AccountInTest
  readonly bob: AccountInTest
  /** Lets time pass: the backend's clock stands still otherwise. */
  advance(seconds: number): void
  close(): Promise<void>
}

export async function serveAccounts(options: Partial<EmbeddedOptions> = {}): Promise<ServedAccounts> {
  const folder = await mkdtemp(join(tmpdir(), 'photos-test-'))
  const logged: LogEntry[] = []
  const start = Date.now()
  let passedMs = 0
  const now = () => new Date(start + passedMs)
  const backend = await serveLibrary({ folder, log: (entry) => logged.push(entry), now, ...options })
  const account = async (email: string, password: string): Promise<AccountInTest> => {
    const { owner } = await addAccountInTest(folder, { email, password })
    return { email, password, owner }
  }
  return {
    folder,
    backend,
    url: backend.url,
    configuration: remoteConfigurationSchema.parse(jsonOf(await ask(`${backend.url}/.well-known/photos.json`))),
    logged,
    alice: await account('alice@example.com', 'alice has a long password'),
    bob: await account('bob@example.com', 'bob has another password'),
    advance(seconds) {
      passedMs += seconds * 1000
    },
    async close() {
      await backend.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
