import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { TlsFiles } from '../../embedded/listen-rules.ts'
import type { EmbeddedBackend } from '../../embedded/serve.ts'
import { type Context, defaultLibraryFolder, type Finish } from '../context.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { loginCommand } from '../session/hints.ts'
import { rememberLibrary, requireNotAway } from '../session/known-libraries.ts'
import { AddressTakenError, hasLibrary, type ServeOptions, serveHere } from '../session/open-library.ts'
import { newLibraryNote, requireParent } from '../session/open-remote.ts'
import { defaultProfileName } from '../session/profile-name.ts'
import { createServeLog } from '../terminal/serve-log.ts'
import { libraryOption } from './options.ts'

interface ServeFlags {
  readonly library?: string
  readonly listen?: Address
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly publicUrl?: string
  readonly insecureHttp?: boolean
  readonly trustedProxy?: boolean
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
        'address to listen on (default: 127.0.0.1:8420, or a free port if that is taken); for other machines: 0.0.0.0:8420',
      )
        .env('PHOTOS_LISTEN')
        .argParser(parseAddress),
    )
    .addOption(new Option('--tls-cert <file>', 'certificate (chain) for other machines, PEM').env('PHOTOS_TLS_CERT'))
    .addOption(new Option('--tls-key <file>', 'its private key, PEM').env('PHOTOS_TLS_KEY'))
    .addOption(
      new Option('--public-url <url>', 'address that other machines use, where it is another one').env('PHOTOS_PUBLIC_URL'),
    )
    .addOption(
      new Option('--insecure-http', 'serve other machines without TLS: whoever is in the network can read along').env(
        'PHOTOS_INSECURE_HTTP',
      ),
    )
    .addOption(
      new Option('--trusted-proxy', 'a proxy on this machine says in X-Forwarded-For who asks').env('PHOTOS_TRUSTED_PROXY'),
    )
    .action(async (flags: ServeFlags) => {
      await serve(flags, context)
      finish(exitCodes.done)
    })
}

async function serve(flags: ServeFlags, context: Context): Promise<void> {
  const folder = resolve(flags.library ?? defaultLibraryFolder(context))
  const { LibraryInUseError } = await import('../../embedded/serving.ts')
  try {
    await requireNotAway(folder, context)
    if (flags.library !== undefined) requireParent(folder)
    const isNew = !(await hasLibrary(folder))
    const { publicUrl, insecureHttp, trustedProxy } = flags
    const tls = await readTls(flags)
    const backend = await serveAt(flags.listen, folder, {
      tls,
      publicUrl,
      insecureHttp,
      trustedProxy,
      log: createServeLog(context),
    })
    await rememberLibrary(folder, context)
    if (isNew) context.stderr.write(`${newLibraryNote(folder)}\n`)
    context.stdout.write(`serving ${folder} at ${backend.url}\n`)
    if (backend.url !== backend.localUrl) context.stderr.write(`${noteForOthers(backend.url, { tls, insecureHttp })}\n`)
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
async function serveAt(listen: Address | undefined, folder: string, options: ServeOptions): Promise<EmbeddedBackend> {
  if (listen !== undefined) return await serveHere(folder, { ...listen, ...options })
  try {
    return await serveHere(folder, { ...usualAddress, ...options })
  } catch (error) {
    if (!(error instanceof AddressTakenError)) throw error
    return await serveHere(folder, { ...usualAddress, port: 0, ...options })
  }
}

/** What to type there. Plain HTTP has to be asked for on both sides. */
function loginThere(url: string): string {
  return loginCommand(defaultProfileName, { url, insecureHttp: url.startsWith('http:') })
}

/** What to type on other machines, and what to know of it. */
function noteForOthers(url: string, { tls, insecureHttp }: Pick<ServeOptions, 'tls' | 'insecureHttp'>): string {
  const lines = [`on other machines: ${loginThere(url)}`]
  if (tls === undefined && insecureHttp === true) {
    lines.push('warning: without TLS whoever is in the network reads and changes what is sent, passwords and photos alike')
  }
  if (tls !== undefined && isSelfMade(tls)) {
    lines.push('the certificate is self-made: other machines need a copy of it, and NODE_EXTRA_CA_CERTS=FILE')
  }
  return lines.join('\n')
}

/** Nobody else vouches for it. */
function isSelfMade({ cert }: TlsFiles): boolean {
  const certificate = new X509Certificate(cert)
  return certificate.checkIssued(certificate)
}

async function readTls({ tlsCert, tlsKey }: ServeFlags): Promise<TlsFiles | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined
  if (tlsCert === undefined || tlsKey === undefined) {
    const [given, missing] = tlsCert === undefined ? ['--tls-key', '--tls-cert'] : ['--tls-cert', '--tls-key']
    throw new UserError(`${given} is given without ${missing}`, { exitCode: exitCodes.usage, hint: `add ${missing} FILE` })
  }
  return { cert: await readPem(tlsCert), key: await readPem(tlsKey) }
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const hint = 'check the path, and that you may read the file'
    throw new UserError(`${path} cannot be read`, { exitCode: exitCodes.usage, hint, cause })
  }
}

/** Who may be served at an address is decided where the library is. */
function parseAddress(text: string): Address {
  const [, host = '', port = ''] = /^(\[[0-9a-fA-F:.]+\]|[^:[\]/\s]+):(\d{1,5})$/.exec(text) ?? []
  if (host === '' || Number(port) > 65_535) {
    throw new InvalidArgumentError('give HOST:PORT, such as 127.0.0.1:8420, [::1]:8420 or 0.0.0.0:8420.')
  }
  return { host: host.replaceAll(/[[\]]/g, ''), port: Number(port) }
}
