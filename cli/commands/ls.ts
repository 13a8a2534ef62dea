import type { Writable } from 'node:stream'
import type { Command } from 'commander'
import type { Location, Photo } from '../../contract/photos.ts'
import type { Context, Finish } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { type PhotoGroup, photoGroups } from '../pull/photo-groups.ts'
import { findPlace } from '../pull/standing.ts'
import { nameOf } from '../pull/targets.ts'
import type { ListRange, Remote } from '../remote/remote.ts'
import { openRemote } from '../session/open-remote.ts'
import { formatBytes } from '../terminal/format-bytes.ts'
import { createOutput } from '../terminal/output.ts'
import { visible } from '../terminal/visible.ts'
import { wrapFor } from '../terminal/wrap.ts'
import { parseTimeRange } from '../time-range.ts'
import { jsonOption, libraryOption, profileOption, sinceOption, untilOption } from './options.ts'

interface LsFlags {
  readonly since?: string
  readonly until?: string
  readonly library?: string
  readonly profile?: string
  readonly json?: true
}

/** `photos ls`: what is stored, by capture time. */
export function addLsCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command('ls')
    .description('list the photos that are stored, by capture time; those without one come last')
    .addOption(sinceOption())
    .addOption(untilOption())
    .addOption(libraryOption())
    .addOption(profileOption())
    .addOption(jsonOption())
    .action(async (flags: LsFlags) => finish(await listAsTyped(flags, context)))
}

async function listAsTyped(flags: LsFlags, context: Context): Promise<ExitCode> {
  const range = parseTimeRange(flags, context.now())
  const { library, profile } = flags
  const { remote, notes, close } = await openRemote({ library, profile, whenMissing: 'require', log: () => {} }, context)
  try {
    const { stdout, stderr, signal } = context
    if (stderr.isTTY && !flags.json) for (const note of notes) stderr.write(`${wrapFor(stderr, visible(note))}\n`)
    return await runLs({ remote, range, json: flags.json === true, stdout, stderr, signal })
  } finally {
    await close()
  }
}

export interface LsOptions {
  readonly remote: Remote
  readonly range: ListRange
  readonly json: boolean
  readonly stdout: Writable
  readonly stderr: Writable
  readonly signal?: AbortSignal | undefined
}

/** A photo a line, as the pages arrive. Ends when nobody reads any more. */
export async function runLs({ remote, range, json, stdout, stderr, signal }: LsOptions): Promise<ExitCode> {
  const output = createOutput(stdout)
  let isEmpty = true
  const format = json ? formatJson : formatRow
  for await (const group of photoGroups(remote.listPhotos(range, { signal }))) {
    isEmpty = false
    if (group.isContinued) continue
    if (!(await output.line(format(group)))) break
  }
  const isBounded = range.from !== undefined || range.before !== undefined
  if (isEmpty)
    stderr.write(isBounded ? 'no photos of that time; those without a capture time are not of any\n' : 'no photos yet\n')
  return exitCodes.done
}

/** A stable interface; `path` is where the photo lies now, or lay last where it lies nowhere; null where none is known. */
function formatJson(group: PhotoGroup): string {
  const { photo } = group
  const place = findPlace(group)
  return JSON.stringify({
    content_hash: photo.contentHash,
    file_name: fileNameOf(photo, place),
    path: place?.path ?? null,
    size_bytes: photo.sizeBytes,
    content_type: photo.contentType,
    capture_time: photo.captureTime,
    capture_time_source: photo.captureTimeSource,
    width_pixels: photo.widthPixels,
    height_pixels: photo.heightPixels,
    camera: photo.camera,
    renditions: photo.renditions.map(({ name, widthPixels, heightPixels, sizeBytes }) => ({
      name,
      width_pixels: widthPixels,
      height_pixels: heightPixels,
      size_bytes: sizeBytes,
    })),
    reason: photo.reason,
  })
}

function fileNameOf(photo: Photo, location: Location | undefined): string {
  return location?.path.split('/').at(-1) ?? nameOf(photo)
}

/** Widths are fixed, since the first line is out before the last one is known. */
const columns = { captureTime: 19, pixels: 11, size: 8, camera: 24 }

/** `2019-10-26 16:07:24    5184x3456    6.1 MB  Canon EOS 1300D           DCIM/100CANON/IMG_0001.JPG` */
function formatRow(group: PhotoGroup): string {
  const { photo } = group
  const { captureTime, widthPixels, heightPixels } = photo
  return [
    (captureTime?.slice(0, columns.captureTime).replace('T', ' ') ?? '-').padEnd(columns.captureTime),
    (widthPixels === null || heightPixels === null ? '-' : `${widthPixels}x${heightPixels}`).padStart(columns.pixels),
    formatBytes(photo.sizeBytes).padStart(columns.size),
    visible(photo.camera ?? '-')
      .slice(0, columns.camera)
      .padEnd(columns.camera),
    visible(findPlace(group)?.path ?? nameOf(photo)),
  ].join('  ')
}
