import { expect, test } from 'vitest'
import { findCamera } from '../../../lambda/photos/camera.ts'
import { exifTagsSchema } from '../../../lambda/photos/exif-tags.ts'
import { findPlace } from '../../../lambda/photos/place.ts'

test.each([
  ['maker and model', 'Apple', 'iPhone 12 Pro', 'Apple iPhone 12 Pro'],
  ['a model that begins with its maker', 'Canon', 'Canon EOS 6D', 'Canon EOS 6D'],
  ['a maker’s full name', 'NIKON CORPORATION', 'NIKON D70s', 'NIKON D70s'],
  ['another case', 'Eastman Kodak Company', 'KODAK DC240', 'Eastman Kodak Company KODAK DC240'],
  ['a maker whose name only begins the model’s word', 'Go', 'GoPro', 'Go GoPro'],
  ['padding', 'SONY   ', '  DSC-P52 \0\0', 'SONY DSC-P52'],
  ['a maker alone', 'SAMSUNG', undefined, 'SAMSUNG'],
  ['a model alone', undefined, 'COOLPIX', 'COOLPIX'],
  ['terminal escapes', '\x1b[2J\x1b[31mACME\x07', 'A\nSet-Cookie: x=1\r\nB', '[2J [31mACME A Set-Cookie: x=1 B'],
  ['text that turns around', 'ACME', 'x\u202egpj.exe', 'ACME x gpj.exe'],
  ['half of a character', 'ACME', 'x\ud800y', 'ACME x y'],
  ['nothing but control characters', '\0\0', '\x1b', undefined],
  ['neither', undefined, undefined, undefined],
])('a camera’s name: %s', (_, Make, Model, camera) => {
  expect(findCamera({ Make, Model })).toBe(camera)
})

test('a camera’s name has at most 256 units and never ends in half a character', () => {
  expect(findCamera({ Model: 'x'.repeat(300) })).toBe('x'.repeat(256))
  expect(findCamera({ Model: `${'x'.repeat(255)}📷` })).toBe('x'.repeat(255))
})

const north = { GPSLatitude: [48, 51, 30], GPSLatitudeRef: 'N' } as const
const east = { GPSLongitude: [2, 17, 30], GPSLongitudeRef: 'E' } as const

test.each([
  ['north and east', { ...north, ...east }, { latitude: 48.858333, longitude: 2.291667 }],
  [
    'south and west',
    { ...north, ...east, GPSLatitudeRef: 'S', GPSLongitudeRef: 'W' },
    { latitude: -48.858333, longitude: -2.291667 },
  ],
  ['a hemisphere with its NUL', { ...north, ...east, GPSLatitudeRef: 'S\0' }, { latitude: -48.858333, longitude: 2.291667 }],
  ['no hemisphere', { ...north, ...east, GPSLatitudeRef: undefined }, undefined],
  ['a hemisphere that is none', { ...north, ...east, GPSLongitudeRef: 'N' }, undefined],
  ['no longitude', north, undefined],
  ['beyond the pole', { ...north, ...east, GPSLatitude: [91, 30, 0] }, undefined],
  ['beyond the date line', { ...north, ...east, GPSLongitude: [181, 0, 0] }, undefined],
  ['negative degrees', { ...north, ...east, GPSLongitude: [-2, 17, 30] }, undefined],
  ['a zero denominator', { ...north, ...east, GPSLongitude: [Number.NaN, 0, 0] }, undefined],
  ['infinite minutes', { ...north, ...east, GPSLongitude: [2, Number.POSITIVE_INFINITY, 0] }, undefined],
  ['text for degrees', { ...north, ...east, GPSLatitude: '45,32,38.27' }, undefined],
  ['two numbers', { ...north, ...east, GPSLatitude: [45, 32] }, undefined],
  ['no fix yet', { ...north, ...east, GPSLatitude: [0, 0, 0], GPSLongitude: [0, 0, 0] }, undefined],
  ['on the equator', { ...north, ...east, GPSLatitude: [0, 0, 0] }, { latitude: 0, longitude: 2.291667 }],
])('a place: %s', (_, gps, place) => {
  const found = findPlace(exifTagsSchema.parse({ gps }))
  const rounded = found && {
    latitude: Number(found.latitude.toFixed(6)),
    longitude: Number(found.longitude.toFixed(6)),
  }
  expect(rounded).toEqual(place)
})

test('a tag of the wrong type is absent and costs no other tag', () => {
  const tags = exifTagsSchema.parse({
    ifd0: { Make: 42, Model: 'D70', ModifyDate: ['2021:01:01 00:00:00'] },
    exif: 'none',
    gps: null,
  })
  expect(findCamera(tags)).toBe('D70')
  expect(tags.ModifyDate).toBeUndefined()
})

test('dates in IFD0, where TIFF/EP has them, count; those of the EXIF directory win', () => {
  const ifd0 = { DateTimeOriginal: '2001:01:01 01:01:01', SubSecTimeOriginal: '7' }
  expect(exifTagsSchema.parse({ ifd0 }).DateTimeOriginal).toBe('2001:01:01 01:01:01')
  const both = exifTagsSchema.parse({ ifd0, exif: { DateTimeOriginal: '2002:02:02 02:02:02', SubSecTimeOriginal: 3 } })
  expect(both.DateTimeOriginal).toBe('2002:02:02 02:02:02')
})

test.each([[null], [undefined], ['tags'], [[]], [{}]])('no tags at all: %j', (answer) => {
  expect(exifTagsSchema.parse(answer)).toEqual({})
})
