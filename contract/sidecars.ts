/** Google Takeout writes this behind a photo's name, and cuts it short, as it cuts names, where the whole gets too long. */
const takeoutSuffix = '.supplemental-metadata'
/** What Takeout leaves of a long name before `.json`. */
const takeoutNameLength = 46

/**
 * Under which keys a sidecar looks for its photo, in the folder that it lies in: `IMG_1.xmp` under `img_1`, `IMG_1.JPG.xmp` and
 * `IMG_1.JPG.supplemental-meta.json` under `img_1.jpg`, `IMG_E1.aae` (Apple's, of an edit) under `img_1` as well. It belongs to
 * each photo of the same folder that has one of these among its {@link keysOfPhoto}.
 *
 * @param sidecarName a file's name, without its folder, as a person reads it
 */
export function keysOfSidecar(sidecarName: string): readonly string[] {
  const name = normalize(sidecarName)
  const body = withoutExtension(name)
  if (name.endsWith('.aae')) return withoutRepeats([body, body.replace(/^(img_)[eo](?=\d)/, '$1')])
  if (name.endsWith('.json')) return takeoutNames(body)
  return [body]
}

/**
 * Under which keys its sidecars find a photo: its whole name, its name without the extension, and what Takeout leaves of a
 * long name.
 *
 * @param photoName a file's name, without its folder, as a person reads it
 */
export function keysOfPhoto(photoName: string): readonly string[] {
  const name = normalize(photoName)
  return withoutRepeats([name, withoutExtension(name), name.slice(0, takeoutNameLength)])
}

/** Takeout numbers equal names in another place: `IMG_1.JPG(2).json` belongs to `IMG_1(2).JPG`. */
function takeoutNames(body: string): readonly string[] {
  const [, named, number] = /^(.+)(\(\d+\))$/.exec(body) ?? []
  const plain = withoutTakeoutSuffix(body)
  if (named === undefined || number === undefined) return withoutRepeats([body, plain])
  const name = withoutTakeoutSuffix(named)
  const stem = withoutExtension(name)
  return withoutRepeats([body, plain, `${stem}${number}${name.slice(stem.length)}`])
}

function withoutTakeoutSuffix(body: string): string {
  const dot = body.lastIndexOf('.')
  return dot > 0 && takeoutSuffix.startsWith(body.slice(dot)) ? body.slice(0, dot) : body
}

function withoutExtension(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(0, dot) : name
}

/** A card's `IMG_1.JPG` has its `img_1.xmp` from a program that likes it so; and a Mac writes letters in other ways. */
function normalize(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

function withoutRepeats(keys: readonly string[]): readonly string[] {
  return [...new Set(keys)]
}
