import { execFile } from 'node:child_process'
import { cp, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { photosProgram } from './photos-process.ts'

const scripts = join(import.meta.dirname, '..', '..', 'scripts')

test('the demo signs in, backs up a folder, brings it back, and tells no secret', { timeout: 120_000 }, async () => {
  // The demo starts the command beside it; here, that is the one that was built for the tests.
  const demo = join(dirname(photosProgram), '..', 'scripts')
  await cp(scripts, demo, { recursive: true })
  const [home, photos] = [await temporaryFolder(), await temporaryFolder()]
  await writeFile(join(photos, 'MVI_0001.MP4'), 'a clip')

  const environment = { PATH: process.env['PATH'], HOME: home, TMPDIR: home, PHOTOS_LIBRARY: join(home, 'not-this-one') }
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(demo, 'demo.js'), photos], { env: environment })

  expect(stdout).toMatch(/\[Deny\] \[Approve\]\n.*Approve/)
  expect(stdout).toMatch(/^signed in to 127\.0\.0\.1:\d+ as you@example\.org/m)
  expect(stdout).toContain('1 files came back identical (SHA-256)')
  expect(stdout + stderr).not.toMatch(/eyJ[\w-]{8}|refresh_token|X-Amz-Signature/)
  // Everything that it made lies in its own folder.
  expect(await readdir(home)).toEqual([expect.stringMatching(/^photos-demo-/)])
})
