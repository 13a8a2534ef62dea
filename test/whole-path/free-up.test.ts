import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { messagesOf, photosUser } from './photos-process.ts'
import { readTree, writeTree } from './tree.ts'

test('free-up and verify as they are typed', async () => {
  const user = await photosUser()
  const [folder, aside] = [join(user.folder, 'camera'), join(user.folder, 'aside')]
  await writeTree(folder, { 'MVI_1.MP4': randomBytes(5000), 'MVI_2.MP4': randomBytes(6000) })
  const tree = await readTree(folder)
  const at = ['--library', user.library]
  expect(await user.here('sync', folder, ...at, '-q')).toMatchObject({ exitCode: 0 })

  const verified = await user.here('verify', ...at)
  expect(verified).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^verified 2 \(11\.0 kB\), failed 0 in /) })

  const ofThatTime = await user.here('verify', ...at, '--since', '2020')
  expect(ofThatTime).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining('2 originals have no capture time'),
  })

  await writeFile(join(folder, 'MVI_3.MP4'), randomBytes(7000))
  const named = await user.here('verify', folder, ...at)
  expect(named).toMatchObject({ exitCode: 3, stdout: expect.stringMatching(/^verified 2 \(11\.0 kB\), failed 1 in /) })
  expect(named.stderr).toContain(`failed: ${folder}/MVI_3.MP4: not backed up\n`)
  await rm(join(folder, 'MVI_3.MP4'))

  const typed = ['free-up', folder, '--to', aside, ...at] as const
  const dryRun = await user.here(...typed, '-n')
  expect(dryRun).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^dry run: would move 2 \(11\.0 kB\), failed 0 in /),
  })
  expect(await readTree(folder)).toEqual(tree)

  await writeFile(join(folder, 'MVI_3.MP4'), randomBytes(7000))
  const first = await user.here(...typed)
  expect(first).toMatchObject({ exitCode: 3, stdout: expect.stringMatching(/^moved 2 \(11\.0 kB\), failed 1 in /) })
  expect(first.stderr).toContain(`failed: ${folder}/MVI_3.MP4: not backed up\n`)
  expect(first.stderr).toContain(`rm -r ${aside}`)
  expect(await readTree(join(aside, 'camera'))).toEqual(tree)

  const asJson = messagesOf(await user.here(...typed, '--json', '--older', '1990'))
  expect(asJson.at(-1)).toMatchObject({
    message_type: 'summary',
    moved: 0,
    would_move: 0,
    failed: 0,
    bytes_moved: 0,
    exit_code: 0,
  })

  const originals = join(user.library, 'originals')
  const [owner = ''] = await readdir(originals)
  const [name = '', other = ''] = await readdir(join(originals, owner))
  await rm(join(originals, owner, name))
  const size = (await readTree(join(originals, owner))).get(other)?.sizeBytes ?? 0
  await writeFile(join(originals, owner, other), Buffer.alloc(size))
  const damaged = await user.here('verify', ...at, '--json')
  expect(damaged.exitCode).toBe(13)
  const problems = messagesOf(damaged).flatMap(({ message_type, reason }) => (message_type === 'error' ? [reason] : []))
  expect(problems.sort()).toEqual(['the storage does not have it any more', 'the stored bytes are not those of its content hash'])
  expect(messagesOf(damaged).at(-1)).toMatchObject({ verified: 0, failed: 2, exit_code: 13 })
})

test('what was moved aside is pulled back as it was, also after the next sync', async () => {
  const user = await photosUser()
  const [folder, aside, to] = [join(user.folder, 'camera'), join(user.folder, 'aside'), join(user.folder, 'back')]
  await writeTree(folder, { '2021/MVI_1.MP4': randomBytes(5000), 'MVI_2.MP4': randomBytes(6000) })
  const tree = await readTree(folder)
  const at = ['--library', user.library]
  expect(await user.here('sync', folder, ...at, '-q')).toMatchObject({ exitCode: 0 })
  const freed = await user.here('free-up', folder, '--to', aside, ...at)
  expect(freed).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('--allow-empty') })
  // Nothing is left of what was there, as if its disk were not mounted: a person has to say that this is meant.
  expect(await user.here('sync', folder, ...at, '-q')).toMatchObject({ exitCode: 4 })
  for (const more of [['--allow-empty'], []]) {
    expect(await user.here('sync', folder, ...at, '-q', ...more)).toMatchObject({ exitCode: 0 })
  }
  expect(await user.here('pull', '--to', to, ...at, '-q')).toMatchObject({ exitCode: 0 })
  expect(await readTree(join(to, 'camera'))).toEqual(tree)
})

test('what free-up refuses before anything is opened', async () => {
  const user = await photosUser()
  const folder = join(user.folder, 'camera')
  await mkdir(folder)
  await writeFile(join(folder, 'a.MP4'), 'a')
  const freeUp = (...typed: string[]) => user.here('free-up', ...typed, '--library', user.library)
  expect(await freeUp(folder)).toMatchObject({ exitCode: 2 })
  expect(await freeUp(folder, '--to', join(folder, 'aside'))).toMatchObject({ exitCode: 2 })
  expect(await freeUp(join(folder, 'a.MP4'), '--to', join(user.folder, 'aside'))).toMatchObject({ exitCode: 2 })
  expect(await freeUp(join(user.folder, 'gone'), '--to', join(user.folder, 'aside'))).toMatchObject({ exitCode: 4 })
  expect(await freeUp(folder, '--to', join(user.folder, 'aside'), '--older', 'soon')).toMatchObject({ exitCode: 2 })
  const none = await freeUp(folder, '--to', join(user.folder, 'aside'))
  expect(none).toMatchObject({ exitCode: 10 })
  expect(await readdir(user.folder)).toEqual(['camera'])
})
