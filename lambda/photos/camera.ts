import type { ExifTags } from './exif-tags.ts'

const maximumLength = 256

/**
 * The camera's maker and model as one name, `Canon EOS 6D`; undefined where neither is known. The tags may hold anything:
 * the name is a single line without control or formatting characters, at most 256 UTF-16 units, and still not to be
 * trusted as markup.
 */
export function findCamera(tags: ExifTags): string | undefined {
  const make = cleanOf(tags.Make)
  const model = cleanOf(tags.Model)
  const name = repeats(make, model) ? model : `${make} ${model}`.trim()
  return cleanOf(name.slice(0, maximumLength)) || undefined
}

/** Many models begin with their maker: `NIKON CORPORATION`, `NIKON D70`. */
function repeats(make: string, model: string): boolean {
  const [brand] = make.toLowerCase().split(' ')
  return brand !== undefined && brand !== '' && model.toLowerCase().split(' ')[0] === brand
}

/** `\p{Cs}` is half of a character: DynamoDB and JSON refuse it, and cutting at a length makes one. */
function cleanOf(text: string | undefined): string {
  return (text ?? '')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}
