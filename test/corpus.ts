import fs from 'node:fs'
import path from 'node:path'
import * as z from 'zod'

/**
 * The folder of real photos that some tests read, which is not part of the project: `dev` (good files) or `bad` (corrupt
 * and hostile ones). Undefined, and said once for each test file, where there is none: such tests are skipped.
 */
export function corpusFolder(set: 'dev' | 'bad'): string | undefined {
  const root = process.env['PHOTOS_TEST_CORPUS'] ?? path.join(import.meta.dirname, '..', '..', 'shared', 'photos')
  const folder = path.join(root, set)
  if (fs.existsSync(path.join(folder, 'MANIFEST.json'))) return folder
  process.stderr.write(`no corpus at ${folder} (set PHOTOS_TEST_CORPUS): the tests that need it are skipped\n`)
  return undefined
}

const manifestSchema = z.array(
  z.object({
    path: z.string(),
    sha256: z.string(),
    kind: z.string(),
    /** Capture time, ISO 8601; without an offset where the camera wrote none. */
    takenAt: z.string().nullable().optional(),
    /** True where two independent readers give `takenAt`; else what is to be said about it, or null. */
    toolsAgree: z.union([z.boolean(), z.string()]).nullable().optional(),
    /** Upright. */
    width: z.number().nullable().optional(),
    height: z.number().nullable().optional(),
    /** Latitude and longitude in degrees; the sign is missing where the hemisphere is south or west. */
    gps: z.tuple([z.number(), z.number()]).nullable().optional(),
    truncated: z.boolean().nullable().optional(),
    duplicateOf: z.string().nullable().optional(),
  }),
)
export type CorpusFile = z.infer<typeof manifestSchema>[number]

/** What the corpus says about its files; only those that are there (hostile names are made apart). None without a corpus. */
export function corpusFiles(folder: string | undefined): readonly CorpusFile[] {
  if (folder === undefined) return []
  const manifest = manifestSchema.parse(JSON.parse(fs.readFileSync(path.join(folder, 'MANIFEST.json'), 'utf8')))
  return manifest.filter((file) => fs.existsSync(path.join(folder, file.path)))
}
