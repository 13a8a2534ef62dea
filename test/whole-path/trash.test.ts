import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { acquireRunLock } from '../../cli/state/run-lock.ts'
import { completeClock } from '../../cli/system-clock.ts'
import { listPhotos, outcomesOf, type PhotosUser, photosUser, summaryOf } from './photos-process.ts'

/** A user with two clips that are backed up, and with nothing that this machine remembers of that. */
async function userWithClips() {
  const user = await photosUser()
  const folder = join(user.folder, 'DCIM')
  await mkdir(folder)
  for (const name of ['keep.mp4', 'delete.mp4']) await writeFile(join(folder, name), name)
  const sync = () => user.here('sync', folder, '--library', user.library, '--json')
  expect(summaryOf(await sync())).toMatchObject({ uploaded: 2, exit_code: 0 })
  return { user, folder, sync, unwanted: join(folder, 'delete.mp4') }
}

const trash = (user: PhotosUser, ...words: readonly string[]) => user.here('trash', ...words, '--library', user.library)
const pathsOf = async (user: PhotosUser) => (await listPhotos(user)).map(({ path }) => path)
const forgetEverything = (user: PhotosUser) => rm(join(user.folder, 'state'), { recursive: true })

test('what its owner deletes stays deleted, until it is restored', async () => {
  const { user, folder, sync, unwanted } = await userWithClips()
  const hash = (await listPhotos(user)).find(({ path }) => path === 'DCIM/delete.mp4')?.content_hash ?? ''

  expect(await trash(user, 'add', unwanted)).toEqual({ exitCode: 0, stdout: `trashed ${unwanted}\n`, stderr: '' })
  expect(await pathsOf(user)).toEqual(['DCIM/keep.mp4'])
  expect((await trash(user, 'list')).stdout).toMatch(new RegExp(`^\\d{4}-\\d\\d-\\d\\d +10 B  ${hash}  DCIM/delete\\.mp4\n$`))

  // Another machine, or one that has lost what it knew, finds the file again.
  for (const flags of [['--dry-run'], []]) {
    await forgetEverything(user)
    const finished = await user.here('sync', folder, '--library', user.library, '--json', ...flags)
    expect(summaryOf(finished)).toMatchObject({ uploaded: 0, already_stored: 1, skipped: 1, failed: 0, exit_code: 0 })
    const reason = `deleted from the backup by you; to bring it back: photos trash restore ${hash}`
    expect(outcomesOf(finished).find(({ action }) => action === 'skipped')).toMatchObject({ path: unwanted, reason })
  }
  expect(await pathsOf(user)).toEqual(['DCIM/keep.mp4'])

  expect(await trash(user, 'restore', hash)).toMatchObject({ exitCode: 0, stdout: `restored ${hash}\n` })
  expect((await pathsOf(user)).toSorted()).toEqual(['DCIM/delete.mp4', 'DCIM/keep.mp4'])
  expect(await trash(user, 'list')).toEqual({ exitCode: 0, stdout: '', stderr: 'nothing is in the trash\n' })
  await forgetEverything(user)
  expect(summaryOf(await sync())).toMatchObject({ uploaded: 0, already_stored: 2, skipped: 0, exit_code: 0 })
})

test('the machine that remembers a photo as stored says so of it no more, until it is restored', async () => {
  const { user, folder, unwanted } = await userWithClips()
  // Files that were written just now are not remembered.
  const clock = { now: () => Date.now() + 10_000 }
  const plain = () => user.hereIn({ clock }, 'sync', folder, '--library', user.library)
  const sync = () => user.hereIn({ clock }, 'sync', folder, '--library', user.library, '--json')
  expect(summaryOf(await sync())).toMatchObject({ already_stored: 2 })
  expect(summaryOf(await sync())).toMatchObject({ already_stored: 2 })
  // Also where the folder is told by its digest.
  expect((await plain()).stdout).toContain('already stored 2')
  expect(await trash(user, 'add', unwanted)).toMatchObject({ exitCode: 0, stderr: '' })
  for (const _ of [1, 2]) {
    const finished = await sync()
    expect(summaryOf(finished)).toMatchObject({ already_stored: 1, skipped: 1, exit_code: 0 })
    expect(outcomesOf(finished).find(({ action }) => action === 'skipped')?.reason).toMatch(/^deleted from the backup by you/)
    expect((await plain()).stdout).toContain('skipped 1')
  }
  await trash(user, 'restore', unwanted)
  expect(summaryOf(await sync())).toMatchObject({ uploaded: 0, already_stored: 2, skipped: 0, exit_code: 0 })
  await rm(unwanted)
  expect(summaryOf(await sync())).toMatchObject({ already_stored: 1, exit_code: 0 })
})

test('while another run is at work, photos go into the trash all the same, and it is said what that leaves', async () => {
  const { user, unwanted } = await userWithClips()
  const folder = join(user.folder, 'state', 'photos')
  const free = (await readdir(folder)).find((name) => name.includes('-run-free-')) ?? ''
  const path = join(folder, free.replace(/-free-\d+$/, ''))
  const lock = await acquireRunLock(path, { command: 'sync', clock: completeClock({}), tell: () => {} })
  onTestFinished(() => lock.release())
  expect(await trash(user, 'add', unwanted)).toMatchObject({
    exitCode: 0,
    stdout: `trashed ${unwanted}\n`,
    stderr: expect.stringMatching(/photos sync .+; until photos trash add is repeated, syncs of this machine may call these/),
  })
})

test('a pull brings nothing of what is in the trash', async () => {
  const { user, unwanted } = await userWithClips()
  await trash(user, 'add', unwanted)
  const finished = await user.here('pull', '--to', join(user.folder, 'back'), '--library', user.library, '--json')
  expect(summaryOf(finished)).toMatchObject({ pulled: 1, exit_code: 0 })
})

test('for scripts it is a line of JSON each, and what is not there is exit code 3', async () => {
  const { user, unwanted } = await userWithClips()
  const stranger = 'AB'.repeat(32)
  const finished = await trash(user, 'add', '--json', stranger, unwanted)
  expect(finished).toMatchObject({ exitCode: 3, stderr: '' })
  expect(linesOf(finished.stdout)).toEqual([
    { typed: stranger, content_hash: stranger.toLowerCase(), result: 'unknown' },
    { typed: unwanted, content_hash: expect.any(String), result: 'trashed' },
  ])
  expect(linesOf((await trash(user, 'list', '--json')).stdout)).toEqual([
    {
      content_hash: expect.any(String),
      path: 'DCIM/delete.mp4',
      size_bytes: 10,
      content_type: 'video/mp4',
      capture_time: null,
      trashed_at: expect.any(String),
    },
  ])
  const stderr = `${stranger}: there is no such photo in the backup\n`
  expect(await trash(user, 'restore', stranger)).toEqual({ exitCode: 3, stdout: '', stderr })
})

test('one word that is neither a content hash nor a file, and nothing is done', async () => {
  const { user, folder, unwanted } = await userWithClips()
  for (const [wrong, hint] of [
    [join(folder, 'typo.mp4'), 'name a file that is backed up'],
    [`${folder}/`, `name the files in it, such as ${folder}/*`],
    ['c5d5', 'give the whole content hash, of 64 characters, as photos trash list shows it'],
  ] as const) {
    const { exitCode, stdout, stderr } = await trash(user, 'add', unwanted, wrong)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toContain(`${wrong} is no content hash`)
    expect(stderr).toContain(hint)
  }
  expect(await pathsOf(user)).toHaveLength(2)
})

function linesOf(stdout: string): readonly unknown[] {
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
}
