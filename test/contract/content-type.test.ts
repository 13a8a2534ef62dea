import { describe, expect, test } from 'vitest'
import { contentTypeSchema, mediaTypes } from '../../contract/media-types.ts'

describe('a content type, which is signed and sent as a header', () => {
  test.each([...mediaTypes.map(({ contentType }) => contentType), 'audio/ogg; codecs=opus', 'image/svg+xml', 'a/b;c=d; e=f'])(
    '%s is one',
    (contentType) => expect(contentTypeSchema.parse(contentType)).toBe(contentType),
  )

  test.each([
    '',
    'image',
    'image/',
    '/jpeg',
    'image/jpeg\r\nx-amz-acl: public-read',
    'image/jp\0eg',
    'image/jpég',
    'a b/c',
    'image/jpeg;',
    `image/${'j'.repeat(200)}`,
  ])('%j is none', (contentType) => expect(contentTypeSchema.safeParse(contentType).success).toBe(false))
})
