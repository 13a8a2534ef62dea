import { once } from 'node:events'
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { EmbeddedBackend } from '../../embedded/serve.ts'
import { type Context, defaultLibraryFolder, type Finish } from '../context.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { AddressTakenError, hasLibrary, type LibraryLog, serveHere } from '../session/open-library.ts'
import { newLibraryNote, requireParent } from '../session/open-remote.ts'
import { libraryOption } from './options.ts'

interface ServeFlags {
  readonly library?: string
  readonly listen?: Address
}

interface Address {
  readonly host: string
  readonly port: number
}

/** `photos serve`: keeps a library open, so that other runs on this machine use it at the same time. */
export function addServeCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command('serve')
    .description('keep a library open for other runs of photos, until it is stopped')
    .addOption(libraryOption())
    .addOption(
      new Option(
        '--listen <host:port>',
        'loopback address to listen on (default: 127.0.0.1:8420, or a free port if that is taken)',
      )
        .env('PHOTOS_LISTEN')
        .argParser(parseLoopback),
    )
    .action(async (flags: ServeFlags) => {
      await serve(flags, context)
      finish(exitCodes.done)
    })
}

async function serve(flags: ServeFlags, context: Context): Promise<void> {
  const folder = resolve(flags.library ?? defaultLibraryFolder(context))
  const { LibraryInUseError } = await import('../../embedded/serving.ts')
  const log = (line: string) => context.stderr.write(`${line}\n`)
  try {
    if (flags.library !== undefined) requireParent(folder)
    const isNew = !(await hasLibrary(folder))
    const backend = await serveAt(flags.listen, folder, log)
    if (isNew) context.stderr.write(`${newLibraryNote(folder)}\n`)
    context.stdout.write(`serving ${folder} at ${backend.url}\n`)
    if (!context.signal.aborted) await once(context.signal, 'abort')
    context.stderr.write('stopping; what is under way is finished first\n')
    await backend.close()
  } catch (error) {
    if (!(error instanceof LibraryInUseError)) throw error
    const hint = 'stop the other `photos serve` or sync first'
    throw new UserError(`another process has the library ${folder} open`, { exitCode: exitCodes.locked, hint, cause: error })
  }
}

const usualAddress: Address = { host: '127.0.0.1', port: 8420 }

/** The usual address is a convenience: runs find a library by its folder, so that any free port does as well. */
async function serveAt(listen: Address | undefined, folder: string, log: LibraryLog): Promise<EmbeddedBackend> {
  if (listen !== undefined) return await serveHere(folder, { ...listen, log })
  try {
    return await serveHere(folder, { ...usualAddress, log })
  } catch (error) {
    if (!(error instanceof AddressTakenError)) throw error
    return await serveHere(folder, { ...usualAddress, port: 0, log })
  }
}

/** Only this machine may connect until there are accounts and TLS to let others in. */
function parseLoopback(text: string): Address {
  const [, host = '', port = ''] = /^(.*):(\d{1,5})$/.exec(text) ?? []
  if (Number(port) > 65_535 || !['127.0.0.1', 'localhost', '[::1]'].includes(host)) {
    throw new InvalidArgumentError('give 127.0.0.1:PORT, localhost:PORT or [::1]:PORT; other machines cannot be served yet.')
  }
  return { host: host.replaceAll(/[[\]]/g, ''), port: Number(port) }
}
