import { expect, test } from 'vitest'
import { keysOfPhoto, keysOfSidecar } from '../../contract/sidecars.ts'

const belonging: readonly (readonly [sidecar: string, photo: string])[] = [
  ['IMG_1.xmp', 'IMG_1.JPG'],
  ['IMG_1.xmp', 'IMG_1.CR2'],
  ['img_1.XMP', 'IMG_1.JPG'],
  ['IMG_1.JPG.xmp', 'IMG_1.JPG'],
  ['IMG_1.aae', 'IMG_1.HEIC'],
  ['IMG_E1.aae', 'IMG_1.HEIC'],
  ['IMG_O0001.AAE', 'IMG_0001.HEIC'],
  ['IMG_E1.aae', 'IMG_E1.HEIC'],
  ['IMG_1.JPG.json', 'IMG_1.JPG'],
  ['IMG_1.json', 'IMG_1.JPG'],
  ['IMG_1.JPG.supplemental-metadata.json', 'IMG_1.JPG'],
  ['IMG_1.JPG.supplemental-met.json', 'IMG_1.JPG'],
  ['IMG_1.JPG.s.json', 'IMG_1.JPG'],
  ['IMG_1.JPG..json', 'IMG_1.JPG'],
  ['IMG_1.JPG(2).json', 'IMG_1(2).JPG'],
  ['IMG_1.JPG.supplemental-metadata(2).json', 'IMG_1(2).JPG'],
  ['Screenshot_2019-04-16-07-12-33-123_com.example.json', 'Screenshot_2019-04-16-07-12-33-123_com.example.app.jpg'],
  ['Zu\u0308rich.xmp', 'Z\u00fcrich.jpg'],
  ['holiday.2021.jpg.xmp', 'holiday.2021.jpg'],
]

function isSidecarOf(sidecarName: string, photoName: string): boolean {
  const keys = keysOfPhoto(photoName)
  return keysOfSidecar(sidecarName).some((key) => keys.includes(key))
}

test.each(belonging)('%s belongs to %s', (sidecar, photo) => {
  expect(isSidecarOf(sidecar, photo)).toBe(true)
})

const strange: readonly (readonly [sidecar: string, photo: string])[] = [
  ['IMG_10.xmp', 'IMG_1.JPG'],
  ['IMG_1.xmp', 'IMG_10.JPG'],
  ['IMG_1.JPG.xmp', 'IMG_1.CR2'],
  ['IMG_1.JPG.json', 'IMG_1.MP4'],
  ['IMG_1.JPG(2).json', 'IMG_1.JPG'],
  ['IMG_EAST.aae', 'IMG_AST.HEIC'],
  ['metadata.json', 'IMG_1.JPG'],
  ['.xmp', '.jpg'],
]

test.each(strange)('%s does not belong to %s', (sidecar, photo) => {
  expect(isSidecarOf(sidecar, photo)).toBe(false)
})

test('the keys are few, so that a set of them stays small', () => {
  expect(keysOfPhoto('IMG_1.JPG')).toEqual(['img_1.jpg', 'img_1'])
  expect(keysOfSidecar('IMG_1.JPG.suppl(2).json')).toEqual(['img_1.jpg.suppl(2)', 'img_1(2).jpg'])
})
