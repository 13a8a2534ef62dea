import { cp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { build } from '../scripts/build.js'
import { makeBuildFolder } from './build-folder.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The `bin/photos.js` that tests start. */
    photosProgram: string
  }
}

const root = join(import.meta.dirname, '..')

/**
 * Builds the command once for all tests, into a folder of its own: `dist` may be in use, or older than the sources. It lies
 * in the project, so that packages are found.
 */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = await makeBuildFolder(join(root, 'node_modules'))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    await build(join(folder, 'dist'))
  } catch (error) {
    await remove()
    throw error
  }
  await cp(join(root, 'bin'), join(folder, 'bin'), { recursive: true })
  // Without it, Node takes files below node_modules for CommonJS.
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  provide('photosProgram', join(folder, 'bin', 'photos.js'))
  return remove
}
