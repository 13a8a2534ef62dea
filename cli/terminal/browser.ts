import type { Context } from '../context.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'

/**
 * Throws a `UserError` with exit code 2 where no browser of this machine would be seen by who types here: over SSH, and on a
 * system without a display.
 */
export function requireBrowser({ environment }: Context, platform: NodeJS.Platform = process.platform): void {
  const isRemote = Boolean(environment['SSH_CONNECTION'] || environment['SSH_TTY'])
  const hasDisplay = Boolean(environment['DISPLAY'] || environment['WAYLAND_DISPLAY'])
  const needsDisplay = platform !== 'win32' && platform !== 'darwin' && !environment['WSL_DISTRO_NAME']
  if (!isRemote && (hasDisplay || !needsDisplay)) return
  const message = isRemote ? 'a browser opened here would not be seen over SSH' : 'there is no display for a browser here'
  throw new UserError(message, {
    exitCode: exitCodes.usage,
    hint: 'leave --browser out: then any other machine or phone will do to sign in',
  })
}

/**
 * Shows the address in the browser of this machine, and here for the case that none opens. Throws a `UserError` with exit code
 * 5 for one that the system would hand to another program.
 */
export async function openBrowser(url: string, context: Context): Promise<void> {
  if (!/^https?:$/.test(new URL(url).protocol)) throw notForBrowsers(url)
  context.stderr.write(`opening your browser; if none comes up, open this address on this machine:\n\n${url}\n\n`)
  context.stderr.write('waiting for you to sign in there; Ctrl-C gives up\n')
  try {
    await (context.openBrowser ?? openBySystem)(url)
  } catch {
    // The address stands above.
  }
}

function notForBrowsers(url: string): UserError {
  return new UserError(`the remote would have another program opened than a browser (${new URL(url).protocol})`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: 'check the address of the remote, and whether you trust who runs it',
  })
}

async function openBySystem(url: string): Promise<void> {
  const { default: open } = await import('open')
  const browser = await open(url)
  browser.on('error', () => {}) // the address stands above
}
