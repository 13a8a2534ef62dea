// The main job, once through: `npm run demo`, or `npm run demo -- FOLDER` with photos of your own, which are only read.
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { approveSignIn } from './approve-sign-in.js'
import { compareFolders } from './compare-folders.js'
import { makeSamplePhotos } from './make-sample-photos.js'

const cli = fileURLToPath(new URL('../bin/photos.js', import.meta.url))

const [given] = process.argv.slice(2)
const work = await mkdtemp(join(tmpdir(), 'photos-demo-'))
const library = join(work, 'library')
const pulled = join(work, 'pulled')
/** What the backend says, which runs beside all else. */
const log = join(work, 'serve.log')
const email = 'you@example.org'
const password = randomBytes(18).toString('base64url')
// The demo leaves no trace in what photos remembers for you, and takes nothing from it.
const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PHOTOS_'))),
  XDG_CONFIG_HOME: join(work, 'config'),
  XDG_STATE_HOME: join(work, 'state'),
}

const source = given === undefined ? await makeSamples(join(work, 'DCIM')) : await findFolder(given)
say('On the machine that is to keep the photos: who may sign in. The demo thinks of a password.')
await addAccount()
say('Start the backend there, on a library of its own.')
const backend = await startBackend()
try {
  say('On the machine that has the photos: sign in. No browser is needed there.')
  await signIn(backend.url)
  say('Back up every photo, video and sidecar of the folder.')
  await photos('sync', source)
  say('Once more: nothing is left to do.')
  await photos('sync', source)
  say('What is stored, by capture time.')
  await photos('ls')
  say('Bring everything back into a new folder.')
  await photos('pull', '--to', pulled)
  say('Compare every byte.')
  process.exitCode = await compareFolders(source, join(pulled, basename(source)), await countStored())
} finally {
  await backend.stop()
}
console.log(`
Originals:   ${join(library, 'originals')}
Renditions:  ${join(library, 'renditions')}
Pulled:      ${pulled}
Server log:  ${log}
Remove it all with: rm -r ${work}`)

/** @param {string} folder */
async function makeSamples(folder) {
  say('No folder was given: making a few sample photos.')
  await mkdir(folder, { recursive: true })
  await makeSamplePhotos(folder)
  return folder
}

/** @param {string} path */
async function findFolder(path) {
  // npm starts scripts in the project's folder; what was typed is relative to where it was typed.
  const folder = resolve(process.env['INIT_CWD'] ?? '.', path)
  const found = await stat(folder).catch(() => undefined)
  if (found?.isDirectory()) return folder
  console.error(`${folder} is not a folder; give one: npm run demo -- FOLDER`)
  process.exit(4)
}

async function addAccount() {
  const words = ['users', 'add', email, '--library', library]
  show(...words)
  const adding = spawn(process.execPath, [cli, ...words], { env: environment, stdio: ['pipe', 'inherit', 'inherit'] })
  adding.stdin.end(`${password}\n`)
  await endOf(adding, words)
}

/** `photos serve` in a process of its own, ready when this resolves. */
async function startBackend() {
  const words = ['serve', '--library', library, '--listen', '127.0.0.1:0']
  show(...words)
  const serving = spawn(process.execPath, [cli, ...words], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  serving.stderr.pipe(createWriteStream(log))
  const ended = once(serving, 'exit')
  const [line] = await Promise.race([
    once(createInterface({ input: serving.stdout }), 'line'),
    ended.then(() => Promise.reject(new Error(`the backend did not start; see ${log}`))),
  ])
  console.log(line)
  return {
    url: /http:\S+$/.exec(line)?.[0] ?? '',
    async stop() {
      serving.kill('SIGTERM')
      await ended
    },
  }
}

/** `photos login`, and what a person then does in a browser. @param {string} url */
async function signIn(url) {
  const words = ['login', url]
  show(...words)
  const signingIn = spawn(process.execPath, [cli, ...words], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const asks = new Promise((resolve) => {
    for (const stream of [signingIn.stdout, signingIn.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        process.stdout.write(text)
        said += text
        const userCode = /\b[B-Z]{4}-[B-Z]{4}\b/.exec(said)?.[0]
        const verificationUri = /http\S+\/device\b/.exec(said)?.[0]
        if (userCode && verificationUri) resolve({ userCode, verificationUri })
      })
    }
  })
  try {
    const ended = endOf(signingIn, words)
    const asked = await Promise.race([asks, ended])
    if (asked) await approve(asked)
    await ended
  } finally {
    signingIn.kill() // it would wait for a browser for minutes
  }
}

/** What the person saw in the browser, and did there. @param {{ userCode: string, verificationUri: string }} asked */
async function approve(asked) {
  const [toTypeTheCode, toSignIn, toCompare, outcome] = await approveSignIn({ ...asked, email, password })
  say(`Meanwhile, in a browser at ${asked.verificationUri}:`)
  const shown = [
    `${toTypeTheCode.heading}: ${asked.userCode}`,
    `${toSignIn.heading}: ${email}, and the password`,
    toCompare.heading,
    ...toCompare.lines.map((line) => `    ${line}`),
    '(The codes are the same: Approve.)',
    [outcome.heading, ...outcome.lines].join(': '),
  ]
  for (const line of shown) console.log(`  | ${line}`)
  console.log()
}

/** Runs one command as a user would type it; anything but success ends the demo. @param {string[]} words */
async function photos(...words) {
  show(...words)
  await endOf(spawn(process.execPath, [cli, ...words], { env: environment, stdio: 'inherit' }), words)
}

/** Throws for anything but success. @param {import('node:child_process').ChildProcess} running @param {string[]} words */
async function endOf(running, words) {
  const [exitCode] = await once(running, 'close')
  if (exitCode !== 0) throw new Error(`photos ${words[0]} ended with exit code ${exitCode}`)
}

/** How many files of the source are stored, as photos itself counts them. @returns {Promise<number>} */
async function countStored() {
  const { stdout } = await promisify(execFile)(process.execPath, [cli, 'sync', '--dry-run', '--json', source], {
    env: environment,
  })
  const messages = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  return messages.find((message) => message.message_type === 'summary').already_stored
}

/** @param {string} sentence */
function say(sentence) {
  console.log(`\n# ${sentence}`)
}

/** @param {string[]} words */
function show(...words) {
  console.log(`$ photos ${words.map((word) => (/[^\w@%+=:,./-]/.test(word) ? `'${word}'` : word)).join(' ')}`)
}
