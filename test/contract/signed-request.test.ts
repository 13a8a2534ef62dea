import { expect, test } from 'vitest'
import { objectKeySchema } from '../../contract/object-keys.ts'
import { signedRequestSchema } from '../../contract/transfers.ts'

const request = {
  method: 'PUT',
  url: 'https://photos-uploads.s3.us-east-1.amazonaws.com/uploads/x?X-Amz-Signature=1',
  headers: { 'Content-Type': 'image/jpeg', 'x-amz-checksum-sha256': 'q+/=' },
  expiresAt: '2030-01-01T00:00:00.000Z',
}

test('a signed request can be sent as it stands', () => {
  expect(signedRequestSchema.parse(request)).toEqual(request)
  expect(signedRequestSchema.safeParse({ ...request, url: 'http://127.0.0.1:8420/photos-uploads/x' }).success).toBe(true)
})

test.each([
  { url: 'ftp://photos.invalid/x' },
  { url: 'javascript:alert(1)' },
  { headers: { 'a b': '1' } },
  { headers: { '': '1' } },
  { headers: { a: 'one\r\nb: two' } },
  { headers: { a: 'nul\0' } },
  { headers: { a: '\u20ac' } },
])('%j cannot be sent', (change) => {
  expect(signedRequestSchema.safeParse({ ...request, ...change }).success).toBe(false)
})

test('half of a character is in no key', () => {
  expect(objectKeySchema.parse('originals/x/\u{1f600}.jpg')).toBe('originals/x/\u{1f600}.jpg')
  expect(objectKeySchema.safeParse('originals/x/\ud83d.jpg').success).toBe(false)
})
