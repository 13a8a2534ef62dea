import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * The Node of the deployed functions: the one that PHOTOS_TEST_NODE24 names, else one that is on the path as `node24` or
 * `node`. Undefined, and said, where there is none: what needs it is skipped.
 */
export function findNode24(): string | undefined {
  const named = process.env['PHOTOS_TEST_NODE24']
  const onPath = (process.env['PATH'] ?? '').split(delimiter).flatMap((folder) => [join(folder, 'node24'), join(folder, 'node')])
  const found = [...(named ? [named] : []), process.execPath, ...onPath].find((node) => existsSync(node) && isNode24(node))
  if (found === undefined) process.stderr.write('no Node 24 (set PHOTOS_TEST_NODE24): the tests that need it are skipped\n')
  return found
}

function isNode24(node: string): boolean {
  try {
    return execFileSync(node, ['--version'], { encoding: 'utf8' }).startsWith('v24.')
  } catch {
    return false
  }
}
