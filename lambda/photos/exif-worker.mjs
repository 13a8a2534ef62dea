// Runs exifr in a worker thread, so that a file that makes it loop for ever can be stopped from outside.
// Plain JavaScript, because Node 20 cannot start a worker from TypeScript. It says 'ready' once; from then on, for each
// message in (the bytes to read) there is one out (the tags, or null for none). The caller sends one at a time.
import { parentPort } from 'node:worker_threads'
import exifr from 'exifr'

const pick = [
  ...['Make', 'Model'],
  ...['DateTimeOriginal', 'SubSecTimeOriginal', 'OffsetTimeOriginal'],
  ...['CreateDate', 'SubSecTimeDigitized', 'OffsetTimeDigitized'],
  ...['ModifyDate', 'SubSecTime', 'OffsetTime'],
  ...['GPSLatitude', 'GPSLatitudeRef', 'GPSLongitude', 'GPSLongitudeRef'],
]

/** Only the tags named above, as the camera wrote them: no dates revived in this machine's zone, no words for numbers. */
const options = {
  ...{ tiff: true, ifd0: { pick }, exif: { pick }, gps: { pick }, ifd1: false, interop: false },
  ...{ xmp: false, icc: false, iptc: false, jfif: false, ihdr: false, makerNote: false, userComment: false },
  ...{ mergeOutput: false, translateKeys: true, translateValues: false, reviveValues: false },
}

/**
 * What exifr throws says that these bytes hold no EXIF that it can read, which is an answer, not a failure.
 * @param {Uint8Array} bytes
 * @returns {Promise<object | null>} `{ ifd0, exif, gps }`, each with its tags, or absent
 */
async function readTags(bytes) {
  try {
    const { ifd0, exif, gps } = (await exifr.parse(bytes, options)) ?? {}
    return { ifd0, exif, gps }
  } catch {
    return null
  }
}

parentPort?.on('message', async (bytes) => {
  parentPort?.postMessage(await readTags(bytes))
})

parentPort?.postMessage('ready')
