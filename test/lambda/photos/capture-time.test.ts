import { expect, test } from 'vitest'
import { captureTimeSchema } from '../../../contract/photos.ts'
import { findCaptureTime } from '../../../lambda/photos/capture-time.ts'
import type { ExifTags } from '../../../lambda/photos/exif-tags.ts'

const original = (date: string, fraction?: string, offset?: string): ExifTags => ({
  DateTimeOriginal: date,
  SubSecTimeOriginal: fraction,
  OffsetTimeOriginal: offset,
})

const cases: readonly (readonly [what: string, tags: ExifTags, captureTime: string | undefined])[] = [
  ['a plain date', original('2021:06:01 12:00:00'), '2021-06-01T12:00:00'],
  ['the camera’s digits, zeros included', original('2022:06:01 12:00:00', '10'), '2022-06-01T12:00:00.10'],
  ['a fraction that is all zeros', original('2022:06:01 12:00:00', '00'), '2022-06-01T12:00:00.00'],
  ['a padded fraction', original('2022:06:01 12:00:00', '53  '), '2022-06-01T12:00:00.53'],
  ['a fraction of ten digits', original('2022:06:01 12:00:00', '1234567890'), '2022-06-01T12:00:00.123456789'],
  ['a fraction that is no number', original('2022:06:01 12:00:00', '-5'), '2022-06-01T12:00:00'],
  ['an offset', original('2021:10:10 10:10:10', '5', '+05:30'), '2021-10-10T10:10:10.5+05:30'],
  ['the offset Z', original('2021:10:10 10:10:10', undefined, 'Z'), '2021-10-10T10:10:10Z'],
  ['an offset ended by NUL', original('2021:10:10 10:10:10', undefined, '-07:00\0'), '2021-10-10T10:10:10-07:00'],
  ['the easternmost offset', original('2021:10:10 10:10:10', undefined, '+14:00'), '2021-10-10T10:10:10+14:00'],
  ['a blank offset', original('2021:10:10 10:10:10', undefined, '   :  '), '2021-10-10T10:10:10'],
  ['an offset off the earth', original('2021:10:10 10:10:10', undefined, '+25:00'), '2021-10-10T10:10:10'],
  ['an offset past the last zone', original('2021:10:10 10:10:10', undefined, '+14:30'), '2021-10-10T10:10:10'],
  ['an offset without its colon', original('2021:10:10 10:10:10', undefined, '+0200'), '2021-10-10T10:10:10'],
  ['a local time that summer time skips', original('2021:03:28 02:30:00'), '2021-03-28T02:30:00'],
  ['a leap day', original('2020:02:29 23:59:59'), '2020-02-29T23:59:59'],
  ['the epoch', original('1970:01:01 00:00:00'), '1970-01-01T00:00:00'],
  ['a clock in the future', original('2216:11:15 11:46:51'), '2216-11-15T11:46:51'],
  ['no tags', {}, undefined],
  ['zeros', original('0000:00:00 00:00:00'), undefined],
  ['blanks', original('    :  :     :  :  '), undefined],
  ['an empty date', original(''), undefined],
  ['30 February', original('2023:02:30 10:00:00'), undefined],
  ['29 February of a common year', original('2023:02:29 10:00:00'), undefined],
  ['25 o’clock', original('2023:02:28 25:61:61'), undefined],
  ['midnight as 24', original('2023:02:28 24:00:00'), undefined],
  ['a leap second', original('2016:12:31 23:59:60'), undefined],
  ['dashes', original('2019-07-04 08:09:10'), undefined],
  ['a date without a time', original('2019:07:04'), undefined],
  ['text behind the date', original('2019:07:04 08:09:10; DROP'), undefined],
  ['the first year of a computer’s calendar', original('0001:01:01 00:00:00'), undefined],
]

test.each(cases)('%s', (_, tags, captureTime) => {
  const found = findCaptureTime(tags)
  expect(found?.captureTime).toBe(captureTime)
  if (found) expect(captureTimeSchema.parse(found.captureTime)).toBe(captureTime)
})

const all: ExifTags = {
  ...original('2001:01:01 01:01:01', '1', '+01:00'),
  ...{ CreateDate: '2002:02:02 02:02:02', SubSecTimeDigitized: '2', OffsetTimeDigitized: '+02:00' },
  ...{ ModifyDate: '2003:03:03 03:03:03', SubSecTime: '3', OffsetTime: '+03:00' },
}

test.each([
  ['DateTimeOriginal wins', all, '2001-01-01T01:01:01.1+01:00', 'DateTimeOriginal'],
  ['then CreateDate', { ...all, DateTimeOriginal: undefined }, '2002-02-02T02:02:02.2+02:00', 'CreateDate'],
  [
    'an unusable date is no date',
    { ...all, DateTimeOriginal: '0000:00:00 00:00:00' },
    '2002-02-02T02:02:02.2+02:00',
    'CreateDate',
  ],
  ['then ModifyDate', { ...all, DateTimeOriginal: undefined, CreateDate: ' ' }, '2003-03-03T03:03:03.3+03:00', 'ModifyDate'],
  [
    'a date takes no other date’s fraction or offset',
    { DateTimeOriginal: '2001:01:01 01:01:01', SubSecTime: '3', OffsetTime: '+03:00' },
    '2001-01-01T01:01:01',
    'DateTimeOriginal',
  ],
])('%s', (_, tags, captureTime, captureTimeSource) => {
  expect(findCaptureTime(tags)).toEqual({ captureTime, captureTimeSource })
})
