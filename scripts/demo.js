// The main job, once through: `npm run demo`, or `npm run demo -- FOLDER` with photos of your own, which are only read.
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { makeSamplePhotos } from './make-sample-photos.js'

const cli = fileURLToPath(new URL('../bin/photos.js', import.meta.url))

const [given] = process.argv.slice(2)
const work = await mkdtemp(join(tmpdir(), 'photos-demo-'))
const library = join(work, 'library')
const pulled = join(work, 'pulled')
// The demo leaves no trace in what photos remembers for you.
const environment = { ...process.env, XDG_STATE_HOME: join(work, 'state'), PHOTOS_LIBRARY: library }

const source = given === undefined ? await makeSamples(join(work, 'DCIM')) : await findFolder(given)
const backend = await startBackend()
try {
  say('Back up every photo, video and sidecar of the folder.')
  await photos('sync', source)
  say('Once more: nothing is left to do.')
  await photos('sync', source)
  say('What is stored, by capture time.')
  await photos('ls')
  say('Bring everything back into a new folder.')
  await photos('pull', '--to', pulled)
  say('Compare every byte.')
  process.exitCode = await compare(source, join(pulled, basename(source)), await countStored())
} finally {
  await backend.stop()
}
console.log(`
Originals:   ${join(library, 'originals')}
Renditions:  ${join(library, 'renditions')}
Pulled:      ${pulled}
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

/** `photos serve` in a process of its own, ready when this resolves. */
async function startBackend() {
  say('Start the backend on a library of its own.')
  show('serve', '--listen', '127.0.0.1:0')
  const serving = spawn(process.execPath, [cli, 'serve', '--listen', '127.0.0.1:0'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  /** @type {Promise<number | null>} */
  const ended = new Promise((done) => serving.once('exit', done))
  await new Promise((ready, failed) => {
    const lines = createInterface({ input: serving.stdout })
    lines.once('line', (line) => ready(console.log(line)))
    serving.once('exit', () => failed(new Error('the backend did not start')))
  })
  return {
    async stop() {
      serving.kill('SIGTERM')
      await ended
    },
  }
}

/** Runs one command as a user would type it; anything but success ends the demo. @param {string[]} words */
async function photos(...words) {
  show(...words)
  const running = spawn(process.execPath, [cli, ...words], { env: environment, stdio: 'inherit' })
  const exitCode = await new Promise((done) => running.once('exit', done))
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

/** Compares every file of two trees by its SHA-256. @param {string} expected @param {string} actual @param {number} storedFiles @returns {Promise<number>} an exit code */
async function compare(expected, actual, storedFiles) {
  /** @type {{ identical: number, different: string[], absent: string[] }} */
  const result = { identical: 0, different: [], absent: [] }
  for (const path of await filesBelow(expected)) {
    const copy = join(actual, relative(expected, path))
    const isThere = await stat(copy).then(
      () => true,
      () => false,
    )
    if (!isThere) result.absent.push(path)
    else if ((await contentHash(path)) === (await contentHash(copy))) result.identical++
    else result.different.push(path)
  }
  console.log(`${result.identical} files came back identical (SHA-256)`)
  for (const path of result.absent)
    console.log(`not backed up, since it is not a photo, video or sidecar: ${relative(expected, path)}`)
  for (const path of result.different) console.error(`different: ${relative(expected, path)}`)
  const isComplete = result.different.length === 0 && result.identical === storedFiles
  if (!isComplete) console.error(`${storedFiles} files are stored, and ${result.identical} came back identical`)
  return isComplete ? 0 : 13
}

/** @param {string} folder */
async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
  return files.map((entry) => join(entry.parentPath, entry.name)).sort()
}

/** @param {string} path */
async function contentHash(path) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** @param {string} sentence */
function say(sentence) {
  console.log(`\n# ${sentence}`)
}

/** @param {string[]} words */
function show(...words) {
  console.log(`$ photos ${words.map((word) => (/[^\w@%+=:,./-]/.test(word) ? `'${word}'` : word)).join(' ')}`)
}
