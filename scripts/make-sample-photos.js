// Makes a small card's and phone's worth of photos for `npm run demo` to back up, where there are no real ones at hand.
import fs from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'

/**
 * @typedef {object} Scene what is drawn: a sun over hills
 * @property {string} sky colour at the top
 * @property {string} horizon colour of the sky at the hills
 * @property {string} hills colour of the nearest hill
 * @property {number} sun where it stands, from 0 (left) to 1 (right)
 */

/** @satisfies {Record<string, Scene>} */
const scenes = {
  dawn: { sky: '#2b3a67', horizon: '#f7a072', hills: '#1d2238', sun: 0.3 },
  noon: { sky: '#3a86d4', horizon: '#d7efff', hills: '#2f6b3a', sun: 0.62 },
  autumn: { sky: '#7a9cc6', horizon: '#ffe3c2', hills: '#8a3b12', sun: 0.8 },
  sea: { sky: '#1c7fb6', horizon: '#e6fbff', hills: '#0b4f6c', sun: 0.5 },
  dusk: { sky: '#20123a', horizon: '#e0527a', hills: '#120a24', sun: 0.45 },
  snow: { sky: '#8fb1cf', horizon: '#ffffff', hills: '#c9d8e6', sun: 0.2 },
}

/**
 * @typedef {object} Sample
 * @property {string} path under the folder
 * @property {Scene} scene
 * @property {number} width upright, in pixels
 * @property {number} height
 * @property {string} taken wall time, `2024-06-01T10:00:00`; also the file's mtime, as if in UTC
 * @property {string} [fraction] digits of SubSecTimeOriginal
 * @property {string} [offset] OffsetTimeOriginal
 * @property {number} [orientation] 6: stored lying on its side, as a camera held upright does
 * @property {string} [camera]
 * @property {boolean} [undated] without a capture time
 */

const camera = 'Demo DSLR 1'
const phone = 'Demo Phone 7'
const { dawn, noon, autumn, sea, dusk, snow } = scenes
const landscape = { width: 3000, height: 2000 }
const portrait = { width: 1500, height: 2000 }
const onPhone = { camera: phone, offset: '+02:00', width: 2400, height: 1800 }
const burst = { ...onPhone, taken: '2024-06-01T19:42:07' }

/** @type {readonly Sample[]} */
const samples = [
  { path: 'Card/DCIM/100DEMO/IMG_0001.JPG', scene: dawn, ...landscape, taken: '2021-03-20T06:12:44', camera },
  { path: 'Card/DCIM/100DEMO/IMG_0002.JPG', scene: noon, ...landscape, taken: '2021-06-15T12:30:00', fraction: '54', camera },
  { path: 'Card/DCIM/100DEMO/IMG_0003.JPG', scene: autumn, ...portrait, taken: '2021-10-09T16:05:10', orientation: 6, camera },
  // The card was formatted, and the camera began to count again: another photo of the same name.
  { path: 'Card/DCIM/101DEMO/IMG_0001.JPG', scene: snow, ...landscape, taken: '2023-12-31T23:59:59', camera },
  { path: 'Phone/DCIM/Camera/20240601_194207_1.jpg', scene: { ...dusk, sun: 0.44 }, ...burst, fraction: '103' },
  { path: 'Phone/DCIM/Camera/20240601_194207_2.jpg', scene: { ...dusk, sun: 0.45 }, ...burst, fraction: '437' },
  { path: 'Phone/DCIM/Camera/20240601_194207_3.jpg', scene: { ...dusk, sun: 0.46 }, ...burst, fraction: '770' },
  { path: 'Phone/DCIM/Camera/20240714_101500.jpg', scene: sea, ...onPhone, taken: '2024-07-14T10:15:00', orientation: 6 },
  { path: 'Phone/Pictures/Été à la mer/plage, 1er jour.webp', scene: sea, ...onPhone, taken: '2024-07-15T18:20:31' },
  { path: 'Phone/Pictures/旅行 🏔️/山.jpg', scene: snow, ...onPhone, taken: '2024-01-02T08:00:00', offset: '+09:00' },
  { path: 'Phone/Pictures/Screenshots/Screenshot 1.png', scene: noon, ...portrait, taken: '2024-02-03T11:11:11', undated: true },
  { path: 'Scans/Slide 12 (1987).tif', scene: autumn, width: 1200, height: 800, taken: '2019-11-02T20:00:00', undated: true },
]

/**
 * Writes the samples into `folder`, which is made if it is not there: photos, a photo's copy under another name, a
 * sidecar and a video that nothing can decode. Each time the same bytes and modification times.
 *
 * @param {string} folder
 */
export async function makeSamplePhotos(folder) {
  for (const sample of samples) await write(folder, sample.path, await photoOf(sample), sample.taken)

  const copied = await fs.readFile(path.join(folder, 'Phone/DCIM/Camera/20240714_101500.jpg'))
  await write(folder, 'Phone/Download/20240714_101500 (1).jpg', copied, '2024-08-01T09:00:00')
  await write(folder, 'Card/DCIM/100DEMO/IMG_0002.xmp', Buffer.from(sidecar), '2021-06-20T21:00:00')
  await write(folder, 'Card/DCIM/100DEMO/MVI_0004.MP4', videoOf(200_000), '2021-06-15T12:31:00')
}

/**
 * @param {string} folder
 * @param {string} name
 * @param {Buffer} bytes
 * @param {string} modified
 */
async function write(folder, name, bytes, modified) {
  const file = path.join(folder, name)
  await fs.mkdir(path.dirname(file), { recursive: true })
  await fs.writeFile(file, bytes)
  const time = new Date(`${modified}Z`)
  await fs.utimes(file, time, time)
}

/** @param {Sample} sample */
async function photoOf(sample) {
  const upright = sharp(Buffer.from(drawingOf(sample)))
  const stored = sample.orientation === 6 ? upright.rotate(270) : upright
  const tagged = sample.undated
    ? stored
    : stored.withMetadata({ orientation: sample.orientation ?? 1 }).withExifMerge(exifOf(sample))
  switch (path.extname(sample.path)) {
    case '.png':
      return await tagged.png().toBuffer()
    case '.tif':
      return await tagged.tiff().toBuffer()
    case '.webp':
      return await tagged.webp().toBuffer()
    default:
      return await tagged.jpeg().toBuffer()
  }
}

/** @param {Sample} sample */
function exifOf({ taken, fraction, offset, camera: model = '' }) {
  const DateTimeOriginal = taken.replaceAll('-', ':').replace('T', ' ')
  return {
    IFD0: { Make: 'Demo', Model: model },
    IFD2: {
      DateTimeOriginal,
      ...(fraction && { SubSecTimeOriginal: fraction }),
      ...(offset && { OffsetTimeOriginal: offset }),
    },
  }
}

/** @param {Sample} sample */
function drawingOf({ scene, width, height }) {
  const ridges = [0.62, 0.72, 0.82].map((level, index) => {
    const points = Array.from({ length: 41 }, (_, step) => {
      const x = step / 40
      const y = level + 0.05 * Math.sin(x * (7 + 3 * index) + index * 2) + 0.02 * Math.sin(x * 23 + index)
      return `${(x * width).toFixed(1)},${(y * height).toFixed(1)}`
    })
    const opacity = 0.45 + index * 0.275
    return `<polygon points="0,${height} ${points.join(' ')} ${width},${height}" fill="${scene.hills}" opacity="${opacity}"/>`
  })
  const sun = `<circle cx="${scene.sun * width}" cy="${height * 0.4}" r="${width * 0.05}" fill="#fff6d8"/>`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <linearGradient id="sky" x2="0" y2="1"><stop stop-color="${scene.sky}"/><stop offset=".75" stop-color="${scene.horizon}"/></linearGradient>
    <rect width="${width}" height="${height}" fill="url(#sky)"/>${sun}${ridges.join('')}</svg>`
}

const sidecar = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="5"/></rdf:RDF></x:xmpmeta>
`

/**
 * An MP4 by its first bytes, without a track in it.
 * @param {number} sizeBytes
 */
function videoOf(sizeBytes) {
  const video = Buffer.alloc(sizeBytes, 'no frames ')
  video.write('\0\0\0\x18ftypisom\0\0\x02\0isomiso2', 0, 'latin1')
  video.writeUInt32BE(sizeBytes - 24, 24)
  video.write('mdat', 28, 'latin1')
  return video
}
