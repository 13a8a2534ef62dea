// Makes the zips that are deployed: one for each function, with its bundle and nothing else. Same sources, same bytes.
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'
import { shared } from '../scripts/build.js'
import { makeZip } from './make-zip.js'
import { readSharpBinary } from './sharp-binary.js'

/**
 * @typedef {object} DeployedFunction
 * @property {string} name
 * @property {string} handler as in serverless.yml: `lambda/api.handler` is what `lambda/api.ts` exports as `handler`
 *
 * @typedef {object} BuiltFunction
 * @property {string} name
 * @property {string} artifact path of the zip
 * @property {number} zippedBytes
 * @property {number} unzippedBytes
 * @property {number} startBytes JavaScript that is loaded before the first event; the rest waits until something asks for it
 * @property {Readonly<Record<string, number>>} packages bytes that each npm package adds to the bundle, our own code as `photos`
 */

const root = fileURLToPath(new URL('..', import.meta.url))

/** Starts a thread from a file of its own, which is looked for beside the code that starts it. */
const exifReader = 'lambda/photos/exif-reader.ts'
const exifWorker = 'lambda/photos/exif-worker.mjs'

/**
 * zod's messages in fifty languages are a fifth of a bundle. English, its default, is imported apart from these.
 * @type {esbuild.Plugin}
 */
const withoutOtherLanguages = {
  name: 'without-other-languages',
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: 'export {}' }))
  },
}

/**
 * Everything is bundled: nothing depends on what Lambda happens to have installed. What is imported with `import()` (the client of
 * the parameter store, credentials of every other kind) becomes a file of its own, which a cold start does not read: on Node 24 the
 * API's handler was there after 117 ms of CPU instead of 164. Sharp's JavaScript is bundled, too: 141 ms instead of 171. Names and lines
 * stay as they are: making them shorter gained nothing that could be measured, and stack traces can be read without a map.
 *
 * @satisfies {esbuild.BuildOptions}
 */
const bundling = {
  ...shared,
  external: [],
  plugins: [withoutOtherLanguages],
  outExtension: { '.js': '.mjs' },
  write: /** @type {const} */ (false),
  metafile: /** @type {const} */ (true),
}

/**
 * Writes `NAME.zip` for each function into `folder`, which is made if it is not there.
 *
 * @param {readonly DeployedFunction[]} functions
 * @param {string} folder
 * @returns {Promise<readonly BuiltFunction[]>}
 */
export async function buildFunctions(functions, folder) {
  await mkdir(folder, { recursive: true })
  return await Promise.all(functions.map((deployed) => buildFunction(deployed, folder)))
}

/** @param {DeployedFunction} deployed @param {string} folder @returns {Promise<BuiltFunction>} */
async function buildFunction({ name, handler }, folder) {
  const module = handler.slice(0, handler.length - extname(handler).length)
  const { outputFiles, metafile } = await esbuild.build({
    ...bundling,
    splitting: true,
    entryPoints: { [basename(module)]: `${module}.ts` },
    outdir: dirname(module),
  })
  const files = new Map(outputFiles.map(({ path, contents }) => [relativeToRoot(path), contents]))
  if (exifReader in metafile.inputs) files.set(`${dirname(module)}/${basename(exifWorker)}`, await bundleExifWorker())
  if (hasPackage(metafile, 'sharp')) for (const [path, bytes] of await readSharpBinary()) files.set(path, bytes)

  const zip = makeZip(files)
  const artifact = join(folder, `${name}.zip`)
  await writeFile(artifact, zip)
  const unzippedBytes = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0)
  const startBytes = startBytesOf(metafile, `${module}.mjs`)
  return { name, artifact, zippedBytes: zip.length, unzippedBytes, startBytes, packages: packagesOf(metafile) }
}

async function bundleExifWorker() {
  const { outputFiles } = await esbuild.build({ ...bundling, entryPoints: [exifWorker], outdir: 'lambda' })
  const [worker] = outputFiles
  if (worker === undefined) throw new Error(`esbuild made nothing of ${exifWorker}`)
  return worker.contents
}

/** @param {string} path */
function relativeToRoot(path) {
  return path.slice(root.length).replaceAll('\\', '/')
}

/** @param {esbuild.Metafile} metafile @param {string} name */
function hasPackage({ inputs }, name) {
  // Also where the packages lie elsewhere, behind a link.
  return Object.keys(inputs).some((input) => `/${input}`.includes(`/node_modules/${name}/`))
}

/** The entry, and all that it imports without waiting. @param {esbuild.Metafile} metafile @param {string} entry */
function startBytesOf({ outputs }, entry) {
  const loaded = new Set([entry])
  for (const path of loaded) {
    for (const { path: next, kind, external } of outputs[path]?.imports ?? []) {
      if (kind === 'import-statement' && !external) loaded.add(next)
    }
  }
  return [...loaded].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0)
}

/** @param {esbuild.Metafile} metafile */
function packagesOf({ outputs }) {
  /** @type {Record<string, number>} */
  const packages = {}
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? 'photos'
      packages[name] = (packages[name] ?? 0) + bytesInOutput
    }
  }
  return packages
}
