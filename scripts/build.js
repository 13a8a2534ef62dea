// Bundles the CLI (with the embedded backend, loaded only when it is used) into dist/.
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Packages with native code, whose own files find each other by path, or whose classes need the names that a bundle takes away. */
const external = ['sharp', 'classic-level', 'dynalite', 'oidc-provider']

/** How everything is bundled. @satisfies {esbuild.BuildOptions} */
export const shared = {
  absWorkingDir: root,
  bundle: true,
  format: /** @type {const} */ ('esm'),
  platform: /** @type {const} */ ('node'),
  target: 'node20.19',
  external,
  minifySyntax: true,
  // An ES module has its names also when it is loaded by `import()`, which a CommonJS one in a bundle has not.
  mainFields: ['module', 'main'],
  legalComments: /** @type {const} */ ('none'),
  logLevel: /** @type {const} */ ('warning'),
  // CommonJS packages inside an ES module still ask for Node's own modules with `require`.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
}

/** @param {string} folder everything in it is replaced */
export async function build(folder = `${root}dist`) {
  await rm(folder, { recursive: true, force: true })
  await esbuild.build({ ...shared, entryPoints: { main: 'cli/main.ts' }, outdir: folder, splitting: true })
  // A worker thread starts from a file of its own, which is looked for beside the code that starts it.
  await esbuild.build({ ...shared, entryPoints: ['lambda/photos/exif-worker.mjs'], outfile: `${folder}/exif-worker.mjs` })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build()
