import { expect, test } from 'vitest'
import { remoteConfigurationSchema } from '../../contract/remote-configuration.ts'
import { remoteConfigurationInTest } from '../cli/remote-configuration-in-test.ts'

const good = remoteConfigurationInTest('https://photos.example.com')

test('a remote describes itself', () => {
  expect(remoteConfigurationSchema.parse(good)).toEqual(good)
})

test.each([
  'ssh://host/x',
  'search-ms://host/q',
  'file:///etc/passwd?',
  'javascript:alert(1)//',
  'data:text/html,x',
  '//host',
  'host',
])('no address of it is %s', (url) => {
  for (const name of Object.keys(good.endpoints)) {
    const endpoints = { ...good.endpoints, [name]: url }
    expect(remoteConfigurationSchema.safeParse({ ...good, endpoints }).success).toBe(false)
  }
  expect(remoteConfigurationSchema.safeParse({ ...good, issuer: url }).success).toBe(false)
  expect(remoteConfigurationSchema.safeParse({ ...good, loopbackRedirectUris: [url] }).success).toBe(false)
})

test.each([
  [
    'region',
    ['eu-west-1', 'us-gov-east-1', 'cn-north-1', 'eusc-de-east-1'],
    ['', 's3-eu-west-1', 'bucket.s3', 'x/', 'a b', 'none'],
  ],
  ['storageBucket', ['photos-storage', 'photos.example.com', 'abc'], ['', 'localhost/', '2130706433#', 'A', 'a@b', '-ab', 'x:1']],
  [
    'loopbackRedirectUris',
    [['http://localhost:8431/callback'], ['http://127.0.0.1:1/'], ['http://[::1]:1/']],
    [[], ['http://photos.example.com:8431/callback'], ['https://localhost:1/'], ['http://localhost.example.com/']],
  ],
])('%s is %j, and not %j', (name, taken, refused) => {
  for (const value of taken) expect(remoteConfigurationSchema.safeParse({ ...good, [name]: value }).success).toBe(true)
  for (const value of refused) expect(remoteConfigurationSchema.safeParse({ ...good, [name]: value }).success).toBe(false)
})

test('a storage class that is not known here does not make a remote unreadable', () => {
  expect(remoteConfigurationSchema.parse({ ...good, storageClass: 'GLACIER_IR' }).storageClass).toBe('GLACIER_IR')
  expect(remoteConfigurationSchema.parse({ ...good, storageClass: 'EXPRESS' }).storageClass).toBe(undefined)
})
