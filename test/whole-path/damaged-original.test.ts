import { randomBytes } from 'node:crypto'
import { appendFile, readdir, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { messagesOf, type PhotosUser, photosUser, summaryOf } from './photos-process.ts'
import { readTree, writeTree } from './tree.ts'

describe.each([
  ['cut short', (file: string) => truncate(file, 2000)],
  ['longer', (file: string) => appendFile(file, 'more')],
])('an original whose file in the library is %s', (_how, damage) => {
  test('is named at once by pull, verify and free-up, and stays where it is', async () => {
    const { user, folder, at } = await withDamage(damage)
    const pulled = await user.here('pull', '--to', join(user.folder, 'back'), ...at, '--json')
    expect(pulled.exitCode).toBe(13)
    expect(summaryOf(pulled)).toMatchObject({ pulled: 1, failed: 1 })
    expect(reasonsOf(pulled)).toEqual(['the bytes in the storage are not those of its content hash'])

    const verified = await user.here('verify', ...at, '--json')
    expect(verified.exitCode).toBe(13)
    expect(reasonsOf(verified)).toEqual(['the stored bytes are not those of its content hash'])

    const freed = await user.here('free-up', folder, '--to', join(user.folder, 'aside'), ...at, '--json')
    expect(freed.exitCode).toBe(13)
    expect([...(await readTree(folder)).keys()]).toHaveLength(1)
  })

  test('is mended by whoever still has the bytes', async () => {
    const { user, folder, at } = await withDamage(damage)
    await rm(join(user.folder, 'state'), { recursive: true })
    expect(await user.here('sync', folder, ...at, '-q')).toMatchObject({ exitCode: 0 })
    expect(await user.here('verify', ...at)).toMatchObject({ exitCode: 0 })
    expect(await readdir(join(await originalsOf(user)))).toHaveLength(2)
  })
})

async function withDamage(damage: (file: string) => Promise<void>) {
  const user = await photosUser()
  const folder = join(user.folder, 'camera')
  const at = ['--library', user.library] as const
  await writeTree(folder, { 'MVI_1.MP4': randomBytes(5000), 'MVI_2.MP4': randomBytes(6000) })
  expect(await user.here('sync', folder, ...at, '-q')).toMatchObject({ exitCode: 0 })
  const originals = await originalsOf(user)
  const [name = ''] = await readdir(originals)
  await damage(join(originals, name))
  return { user, folder, at }
}

async function originalsOf(user: PhotosUser): Promise<string> {
  const [owner = ''] = await readdir(join(user.library, 'originals'))
  return join(user.library, 'originals', owner)
}

function reasonsOf(finished: { readonly stdout: string }): readonly unknown[] {
  return messagesOf(finished).flatMap(({ message_type, reason }) => (message_type === 'error' ? [reason] : []))
}
