import { expect, test } from 'vitest'
import { captureTimeSchema } from '../../contract/photos.ts'

test.each(['2024-02-29T23:59:59', '2021-06-01T12:00:00.10+02:00', '0001-01-01T00:00:00Z'])('%s is a capture time', (text) => {
  expect(captureTimeSchema.parse(text)).toBe(text)
})

test.each([
  '2021-00-01T12:00:00',
  '2021-13-01T12:00:00',
  '2021-02-29T12:00:00',
  '2021-06-01T24:00:00',
  '2021-06-01T12:60:00',
  '2021-06-01T12:00:60',
  '2021-06-01 12:00:00',
])('%s is none: what calculates with it must get a moment', (text) => {
  expect(captureTimeSchema.safeParse(text).success).toBe(false)
})
