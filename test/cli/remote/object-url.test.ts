import { expect, test } from 'vitest'
import { objectUrl } from '../../../cli/remote/object-url.ts'

test.each([
  [
    'https://s3.eu-west-1.amazonaws.com',
    'photos',
    'originals/a/b.jpg',
    'https://photos.s3.eu-west-1.amazonaws.com/originals/a/b.jpg',
  ],
  ['https://s3.cn-north-1.amazonaws.com.cn/', 'photos', 'k', 'https://photos.s3.cn-north-1.amazonaws.com.cn/k'],
  ['https://s3.eu-west-1.amazonaws.com', 'my.photos', 'k', 'https://s3.eu-west-1.amazonaws.com/my.photos/k'],
  ['http://127.0.0.1:8420', 'photos', 'originals/a/b.jpg', 'http://127.0.0.1:8420/photos/originals/a/b.jpg'],
  ['https://nas.lan/storage/', 'photos', 'k', 'https://nas.lan/storage/photos/k'],
  ['https://amazonaws.com.example', 'photos', 'k', 'https://amazonaws.com.example/photos/k'],
  ['http://nas.lan', 'photos', "a b/c+ü'(1)*.jpg", 'http://nas.lan/photos/a%20b/c%2B%C3%BC%27%281%29%2A.jpg'],
])('%s, bucket %s, key %s', (endpoint, bucket, key, expected) => {
  expect(objectUrl(endpoint, bucket, key).href).toBe(expected)
})
