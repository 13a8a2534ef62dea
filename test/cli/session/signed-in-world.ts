import { onTestFinished } from 'vitest'
import type { Context } from '../../../cli/context.ts'
import { run } from '../../../cli/program.ts'
import { type EmbeddedBackend, serveLibrary } from '../../../embedded/serve.ts'
import { approveSignIn } from '../../../scripts/approve-sign-in.js'
import { addAccountInTest } from '../../embedded/add-account-in-test.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { RecordedStream } from '../terminal/recorded-stream.ts'

const startedAt = new Date()

export interface Ended {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** A machine with an empty home, where commands are typed. */
export interface Machine {
  readonly home: string
  photos(commandLine: readonly string[], changes?: Partial<Context>): Promise<Ended>
  /** `photos login`, while somebody does this in a browser with what it shows. */
  login(commandLine: readonly string[], inBrowser: InBrowser, changes?: Partial<Context>): Promise<Ended>
}

export type InBrowser = (shown: { readonly verificationUri: string; readonly userCode: string }) => Promise<unknown>

export const anna = { email: 'anna@example.com', password: 'correct horse battery staple' }
export const bert = { email: 'bert@example.com', password: 'a hundred paper boats' }

export const approvedBy =
  (account: typeof anna): InBrowser =>
  (shown) =>
    approveSignIn({ ...shown, ...account })

export const denied: InBrowser = (shown) => approveSignIn({ ...shown, ...anna, decision: 'deny' })

/** A served library with two accounts, in this process. */
export async function serveAccounts(): Promise<EmbeddedBackend> {
  const folder = await temporaryFolder()
  const backend = await serveLibrary({ folder, log: () => {} })
  onTestFinished(() => backend.close())
  for (const account of [anna, bert]) await addAccountInTest(folder, account)
  return backend
}

export async function newMachine(): Promise<Machine> {
  const home = await temporaryFolder()
  const start = (commandLine: readonly string[], changes: Partial<Context>): Started => {
    const [stdout, stderr] = [new RecordedStream(), new RecordedStream()]
    const exitCode = run(commandLine, {
      stdin: process.stdin,
      stdout,
      stderr,
      environment: { HOME: home },
      now: () => startedAt, // it stands still: no progress line comes between on a slow machine
      signal: new AbortController().signal,
      ...changes,
    })
    return { stderr, ended: exitCode.then((code) => ({ exitCode: code, stdout: stdout.text, stderr: stderr.text })) }
  }
  return {
    home,
    photos: async (commandLine, changes = {}) => await start(commandLine, changes).ended,
    async login(commandLine, inBrowser, changes = {}) {
      // The first pause between two polls lasts until the person is done.
      const delay = async (): Promise<void> => void (await inBrowser(readShown(login.stderr.text)))
      const login = start(['login', '--device', 'nas', ...commandLine], { clock: { delay }, ...changes })
      return await login.ended
    },
  }
}

interface Started {
  readonly stderr: RecordedStream
  readonly ended: Promise<Ended>
}

/** As a person finds it on the screen. */
export function readShown(text: string): { readonly verificationUri: string; readonly userCode: string } {
  const verificationUri = /^ {2}(https?:\S+)$/m.exec(text)?.[1]
  const userCode = /^ {2}([A-Z]{4}-[A-Z]{4})$/m.exec(text)?.[1]
  if (verificationUri === undefined || userCode === undefined) throw new Error(`neither link nor code in: ${text}`)
  return { verificationUri, userCode }
}
