// Makes a fresh clone ready: installs what the lockfile says, once, and builds. `npm run setup` by itself; every script of package.json
// that has to work on a fresh clone begins with it, too.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const installedMark = `${root}node_modules/.installed-lockfile`

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`photos needs Node 20.19 or newer; this is Node ${process.versions.node}`)
  process.exit(1)
}

const lockfile = createHash('sha256')
  .update(readFileSync(`${root}package-lock.json`))
  .digest('hex')
if (!existsSync(installedMark) || readFileSync(installedMark, 'utf8') !== lockfile) {
  console.error('installing the packages of package-lock.json …')
  // Every native package here ships its binary; none needs to run a script.
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  writeFileSync(installedMark, lockfile)
}

const { build } = await import('./build.js')
await build()
