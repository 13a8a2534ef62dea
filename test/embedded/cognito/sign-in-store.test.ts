import { ClassicLevel } from 'classic-level'
import { expect, test } from 'vitest'
import { openSignInStore } from '../../../embedded/cognito/sign-in-store.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

test('what has expired is not found, and is swept at the next start', async () => {
  const folder = await temporaryFolder()
  let time = Date.parse('2026-01-01T00:00:00Z')
  const now = () => new Date(time)
  const store = await openSignInStore(folder, now)
  await store.put('session/short', 'short', new Date(time + 1000))
  await store.put('session/long', 'long', new Date(time + 5000))
  expect(await store.find('session/short')).toBe('short')
  time += 1000
  expect([await store.find('session/short'), await store.find('session/long')]).toEqual([undefined, 'long'])
  await store.close()

  await (await openSignInStore(folder, now)).close()
  const database = new ClassicLevel(folder)
  expect(await database.keys().all()).toEqual(['session/long'])
  await database.close()
})

test('what has expired is swept while the store is open, too', async () => {
  const folder = await temporaryFolder()
  let time = Date.parse('2026-01-01T00:00:00Z')
  const store = await openSignInStore(folder, () => new Date(time))
  await store.put('oidc/short', 'short', new Date(time + 1000), 'process')
  await store.put('session/long', 'long', new Date(time + 5000))
  time += 1000
  await store.sweep()
  await store.close()
  const database = new ClassicLevel(folder)
  expect(await database.keys().all()).toEqual(['session/long'])
  await database.close()
})

test('what is removed by a rule is of its kind alone', async () => {
  const store = await openSignInStore(await temporaryFolder(), () => new Date(0))
  for (const key of ['a/1', 'a/2', 'ab/1']) await store.put(key, key.slice(-1), new Date(1))
  await store.removeWhere('a/', (value) => value === '1')
  const found = await Promise.all(['a/1', 'a/2', 'ab/1'].map((key) => store.find(key)))
  expect(found).toEqual([undefined, '2', '1'])
  await store.close()
})
