import { type Command, Option } from 'commander'
import type { RemoteConfiguration } from '../../contract/remote-configuration.ts'
import type { Context, Finish } from '../context.ts'
import { UserError } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { createTransport } from '../remote/transport.ts'
import { loginCommand } from '../session/hints.ts'
import type { KeptSignIn } from '../session/keep-sign-in.ts'
import type { SignInOptions, SignInTokens } from '../session/oauth-client.ts'
import {
  findProfile,
  type Profile,
  type ProfilePlace,
  rehearseSave,
  type SignedInProfile,
  type StoredSession,
} from '../session/profile.ts'
import { withProfileLock } from '../session/profile-lock.ts'
import { defaultProfileName } from '../session/profile-name.ts'
import { profilePlaceOf } from '../session/profile-place.ts'
import { parseRemoteUrl, requirePrivate } from '../session/remote-url.ts'
import { fetchTrustedConfiguration, findOtherSignInHost } from '../session/trusted-configuration.ts'
import { requireBrowser } from '../terminal/browser.ts'
import { showDeviceCode } from '../terminal/sign-in-screen.ts'
import { visible } from '../terminal/visible.ts'
import { wrapFor } from '../terminal/wrap.ts'
import { deviceOption, insecureHttpOption, profileOption } from './options.ts'

interface LoginFlags {
  readonly profile?: string
  readonly device: string
  readonly browser?: true
  readonly insecureHttp?: true
}

/** `photos login`: signs in to a remote. */
export function addLoginCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command('login')
    .description('sign in to a remote; the browser that approves it may be on any machine')
    .argument('[url]', 'address of a deployment or of a `photos serve`; without it, that of the profile')
    .addOption(profileOption())
    .addOption(deviceOption())
    .addOption(new Option('--browser', 'sign in with the browser of this machine').env('PHOTOS_BROWSER'))
    .addOption(insecureHttpOption())
    .action(async (url: string | undefined, flags: LoginFlags) => finish(await login(url, flags, context)))
}

/** Where to sign in, and as what it will be kept. */
interface Target {
  readonly place: ProfilePlace
  readonly url: string
  readonly insecureHttp: boolean
}

async function login(typedUrl: string | undefined, flags: LoginFlags, context: Context): Promise<ExitCode> {
  if (flags.browser) requireBrowser(context)
  const target = await findTarget(typedUrl, flags, context)
  const transport = createTransport({ clock: context.clock ?? {} })
  const { signal } = context
  try {
    const configuration = await fetchTrustedConfiguration({ ...target, profileName: target.place.name, transport, signal })
    tellSignInHost(target.url, configuration, context)
    // Before somebody approves what could not be kept.
    await withProfileLock(target.place, { clock: transport.clock, signal }, () => rehearseSave(target.place))
    const command = loginCommand(target.place.name, target)
    const tokens = await signIn({ configuration, transport, command, signal }, flags, context)
    const { keepSignIn } = await import('../session/keep-sign-in.ts')
    const kept = await keepSignIn(tokens, { ...target, deviceName: flags.device, configuration, transport, signal })
    tell(kept, target.place, context)
    return exitCodes.done
  } finally {
    transport.close()
  }
}

async function findTarget(typedUrl: string | undefined, flags: LoginFlags, context: Context): Promise<Target> {
  const place = profilePlaceOf(flags.profile, context)
  const before = await findBefore(place, typedUrl !== undefined)
  const url = typedUrl === undefined ? urlOf(before, place) : parseRemoteUrl(typedUrl)
  // Said once of an address, it holds for signing in there again.
  const insecureHttp = flags.insecureHttp === true || (before?.insecureHttp === true && before.url === url)
  requirePrivate(url, insecureHttp)
  if (before?.session !== undefined) tellBefore(before, before.session, place, context)
  return { place, url, insecureHttp }
}

/** First, so that who did not mean it can still give up. */
function tellBefore({ url }: Profile, { account }: StoredSession, { name }: ProfilePlace, { stderr }: Context): void {
  const { host } = new URL(url)
  const words = `the profile ${name} is signed in to ${host} as ${visible(account.email)} already; that session ends with a new one`
  stderr.write(`${wrapFor(stderr, words)}\n`)
}

/** A damaged profile, too, can be signed in to again by who gives the address. */
async function findBefore(place: ProfilePlace, isUrlTyped: boolean): Promise<Profile | undefined> {
  try {
    return await findProfile(place)
  } catch (error) {
    if (isUrlTyped && error instanceof UserError && error.exitCode === exitCodes.notSignedIn) return undefined
    throw error
  }
}

function urlOf(profile: Profile | undefined, { name }: ProfilePlace): string {
  if (profile !== undefined) return profile.url
  throw new UserError('give the address of the remote to sign in to', {
    exitCode: exitCodes.usage,
    hint: `${loginCommand(name)}, where URL is what a deployment or \`photos serve\` printed`,
  })
}

async function signIn(options: SignInOptions, flags: LoginFlags, context: Context): Promise<SignInTokens> {
  if (flags.browser) {
    const [{ signInByBrowser }, { openBrowser }] = await Promise.all([
      import('../session/browser-flow.ts'),
      import('../terminal/browser.ts'),
    ])
    return await signInByBrowser({ ...options, open: (url) => openBrowser(url, context) })
  }
  const { signInByDevice } = await import('../session/device-flow.ts')
  const host = hostOf(options.configuration)
  return await signInByDevice({ ...options, deviceName: flags.device, show: (code) => showDeviceCode(code, host, context) })
}

/** What is signed in to there acts for the person here, whatever the page there says. */
function tellSignInHost(url: string, configuration: RemoteConfiguration, { stderr }: Context): void {
  const signInHost = findOtherSignInHost(url, configuration)
  if (signInHost === undefined) return
  const words = `you sign in at ${signInHost}, and ${new URL(url).host} gets the session: go on only if the two belong together`
  stderr.write(`${wrapFor(stderr, words)}\n`)
}

function hostOf({ endpoints }: RemoteConfiguration): string {
  return new URL(endpoints.api).host
}

function tell(kept: KeptSignIn, { name }: ProfilePlace, { stdout, stderr }: Context): void {
  const { account, device } = kept.profile.session
  const at = new URL(kept.profile.url).host
  const replaced = kept.replaced && formatReplaced(kept.profile, kept.replaced, kept.isReplacedEnded, name)
  if (replaced) stderr.write(`${wrapFor(stderr, replaced)}\n`)
  const how = name === defaultProfileName ? '' : `; use it with --profile ${name}`
  stdout.write(`signed in to ${at} as ${visible(account.email)}; this device is ${visible(device.name)}${how}\n`)
}

/** Nothing, where all is as it was but for a fresh session. */
function formatReplaced(profile: SignedInProfile, replaced: SignedInProfile, hasEnded: boolean, name: string): string {
  if (hasEnded && isSameAccount(profile, replaced)) return ''
  const { url, session } = replaced
  const before = `${new URL(url).host} as ${visible(session.account.email)}`
  const fate = hasEnded ? 'has been ended' : `could not be ended; it is still device ${session.device.deviceId} of that account`
  return `the profile ${name} was signed in to ${before} before; that session ${fate}`
}

function isSameAccount(one: SignedInProfile, other: SignedInProfile): boolean {
  return one.url === other.url && one.session.account.owner === other.session.account.owner
}
