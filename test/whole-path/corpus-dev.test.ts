import { cp, readFile, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { type CorpusFile, corpusFiles, corpusFolder } from '../corpus.ts'
import { type ListedPhoto, listPhotos, type PhotosUser, photosUser, summaryOf } from './photos-process.ts'
import { contentHashesOf, listTree, readTree } from './tree.ts'

const corpus = corpusFolder('dev')
const readKinds = new Set(['jpeg', 'png', 'webp', 'tiff', 'avif'])
/** Of three files there are only the headers; the manifest knows no size for them either. */
const isShown = ({ kind, width }: CorpusFile): boolean =>
  (readKinds.has(kind) || kind === 'gif' || kind === 'thm') && width != null

/** What the corpus says about itself is no photo. */
const isNoPhoto = (path: string): boolean => path === 'SOURCES.md' || path === 'MANIFEST.json'

/** Where the photo's original came from, as the corpus tells it. */
type Pair = readonly [CorpusFile, ListedPhoto]

describe.skipIf(corpus === undefined)('a folder of real photos', { timeout: 240_000 }, () => {
  test('is stored once, shown, and comes back byte for byte', async () => {
    const user = await photosUser()
    const folder = join(user.folder, 'dev')
    await copyCorpus(folder)
    const before = await readTree(folder)

    const first = await user.photos('sync', folder, '--library', user.library, '--json')
    expect(first).toMatchObject({ exitCode: 0, stderr: '' })
    await requireStoredOnce(user, folder, summaryOf(first))

    const listed = await listPhotos(user)
    const pairs = pairUp(listed)
    for (const pair of pairs) requireAsTheManifestSays(pair)
    await requireRenditions(user, pairs)

    const second = await user.here('sync', folder, '--library', user.library, '--json')
    expect(summaryOf(second)).toMatchObject({ uploaded: 0, bytes_uploaded: 0, failed: 0, exit_code: 0 })

    const pulled = join(user.folder, 'pulled')
    expect(await user.here('pull', '--to', pulled, '--library', user.library)).toMatchObject({ exitCode: 0 })
    const expected = new Map([...before].filter(([path]) => !isNoPhoto(path)))
    expect(await readTree(join(pulled, 'dev'))).toEqual(expected)
    expect(await readTree(folder)).toEqual(before)
  })
})

/** With modification times that have microseconds, as cameras' file systems and copies have them. */
async function copyCorpus(folder: string): Promise<void> {
  await cp(corpus ?? '', folder, { recursive: true })
  for (const [index, path] of (await listTree(folder)).entries()) {
    const seconds = 1_400_000_000 + index * 1000 + (index % 999_999) / 1e6
    await utimes(Buffer.from(`${folder}/${path}`, 'latin1'), seconds, seconds)
  }
}

async function requireStoredOnce(user: PhotosUser, folder: string, summary: ReturnType<typeof summaryOf>): Promise<void> {
  const sources = await readTree(folder)
  const expected = contentHashesOf(new Map([...sources].filter(([path]) => !isNoPhoto(path))))
  expect(summary).toMatchObject({ uploaded: expected.size, failed: 0, skipped: 2, exit_code: 0 })
  const inManifest = corpusFiles(corpus ?? '').map(({ sha256 }) => sha256)
  expect(inManifest.filter((contentHash) => !expected.has(contentHash))).toEqual([])

  const originals = await readTree(join(user.library, 'originals'))
  expect([...originals.values()].map(({ contentHash }) => contentHash).toSorted()).toEqual([...expected].toSorted())
  for (const [path, { contentHash }] of originals) expect(path.split('/').at(-1)?.split('.')[0]).toBe(contentHash)
}

function pairUp(listed: readonly ListedPhoto[]): readonly Pair[] {
  const byHash = new Map(listed.map((photo) => [photo.content_hash, photo]))
  return corpusFiles(corpus ?? '').map((file): Pair => {
    const photo = byHash.get(file.sha256)
    if (photo === undefined) throw new Error(`${file.path} is not listed`)
    return [file, photo]
  })
}

function requireAsTheManifestSays([file, photo]: Pair): void {
  if (!readKinds.has(file.kind)) return
  const { width_pixels: width, height_pixels: height, capture_time: takenAt } = photo
  // The one file of which only one tool can read the date: the manifest leaves out the fraction that the camera wrote.
  const shutter = file.path === 'Odd dates/2099-08-12.jpg' ? '2099-08-12T19:59:29.00' : (file.takenAt ?? null)
  const expected = { path: file.path, width: file.width, height: file.height, takenAt: shutter }
  expect({ path: file.path, width, height, takenAt }).toEqual(expected)
}

async function requireRenditions(user: PhotosUser, pairs: readonly Pair[]): Promise<void> {
  const owner = (await listTree(join(user.library, 'originals')))[0]?.split('/')[0] ?? ''
  for (const [file, photo] of pairs) {
    const names = photo.renditions.map(({ name }) => name)
    expect([file.path, names]).toEqual([file.path, isShown(file) ? ['thumbnail', 'view'] : []])
    if (!isShown(file)) expect([file.path, photo.reason]).toEqual([file.path, expect.stringMatching(/\S/)])
    for (const rendition of photo.renditions) {
      const path = join(user.library, 'renditions', owner, photo.content_hash, `${rendition.name}.webp`)
      await requireRendition(path, rendition, file)
    }
  }
}

async function requireRendition(path: string, rendition: ListedPhoto['renditions'][number], file: CorpusFile): Promise<void> {
  const bytes = await readFile(path)
  const { format, width, height, exif, xmp, iptc, icc, orientation } = await sharp(bytes).metadata()
  const nothing = { exif: undefined, xmp: undefined, iptc: undefined, icc: undefined, orientation: undefined }
  expect({ path, format, width, height, sizeBytes: bytes.length, exif, xmp, iptc, icc, orientation }).toEqual({
    path,
    format: 'webp',
    width: rendition.width_pixels,
    height: rendition.height_pixels,
    sizeBytes: rendition.size_bytes,
    ...nothing,
  })
  const original = { width: file.width ?? 0, height: file.height ?? 0 }
  const scale = Math.min(1, 2048 / Math.max(original.width, original.height))
  const view = { width: Math.round(original.width * scale), height: Math.round(original.height * scale) }
  if (rendition.name === 'view') expect({ path, width, height }).toEqual({ path, ...view })
  else expect({ path, width }).toEqual({ path, width: Math.min(400, view.width) })
  // Upright: the shape is that of the upright original, within the rounding of a pixel.
  expect(Math.abs(width * original.height - height * original.width)).toBeLessThanOrEqual(
    Math.max(original.width, original.height),
  )
}
