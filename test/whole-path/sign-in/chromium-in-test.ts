import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'

const programs = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** `PHOTOS_TEST_CHROMIUM`, or the first one on the path. */
export function findChromium(): string | undefined {
  const named = process.env['PHOTOS_TEST_CHROMIUM']
  if (named !== undefined && named !== '') return named
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.flatMap((folder) => programs.map((program) => join(folder, program))).find((path) => existsSync(path))
}

/** A browser that asks nobody but the tests' own servers. */
export async function launchChromium(executablePath: string): Promise<Browser> {
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ]
  return await chromium.launch({ executablePath, args, headless: true })
}

export const desktop = { width: 1280, height: 800 }
export const phone = { width: 390, height: 844 }

/** A person's window: cookies of its own, and nothing that a page complains of is let pass. */
export interface Window {
  readonly page: Page
  /** Lets go of the cookies that a browser has no longer when so much time has passed: its clock is the system's. */
  forgetAfter(seconds: number): Promise<void>
  /** Writes what is seen into `PHOTOS_TEST_SCREENSHOTS`, if that is set. */
  show(name: string): Promise<void>
  /** What the page complained of: scripts, policies, resources. */
  readonly complaints: readonly string[]
}

export async function openWindow(browser: Browser, options: BrowserContextOptions = {}): Promise<Window> {
  const context = await browser.newContext({ viewport: desktop, locale: 'en-GB', ...options })
  // Less than a test may take, so that it is told what was waited for.
  context.setDefaultTimeout(60_000)
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', ({ message }) => complaints.push(message))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !isRefusalOfServer(message.text())) complaints.push(message.text())
  })
  const show = async (name: string): Promise<void> => {
    const folder = process.env['PHOTOS_TEST_SCREENSHOTS']
    if (folder === undefined || folder === '') return
    await mkdir(folder, { recursive: true })
    const { width } = page.viewportSize() ?? desktop
    const scheme = options.colorScheme ?? 'light'
    await page.screenshot({ path: join(folder, `${name}-${width}-${scheme}.png`), fullPage: true })
  }
  const forgetAfter = async (seconds: number): Promise<void> => {
    const time = Date.now() / 1000 + seconds
    for (const { name, expires } of await context.cookies()) {
      if (expires >= 0 && expires <= time) await context.clearCookies({ name })
    }
  }
  return { page, forgetAfter, show, complaints }
}

/** That a page was answered with 4xx is the server's way to refuse; the page that comes with it is looked at. */
function isRefusalOfServer(text: string): boolean {
  return /^Failed to load resource: the server responded with a status of 4\d\d/.test(text)
}
