import { Hono } from 'hono'
import { renditionKey } from '../../contract/object-keys.ts'
import { type DownloadsRequest, type DownloadsResponse, downloadsRequestSchema } from '../../contract/transfers.ts'
import type { Backend } from '../backend.ts'
import type { PhotoRecord } from '../photos/photo-record.ts'
import { parseBody } from './parse-request.ts'
import type { RouteEnvironment } from './signed-in.ts'

/** Signed GETs for originals and renditions of the owner. */
export function downloadRoutes(backend: Backend) {
  return new Hono<RouteEnvironment>().post('/', async (context) => {
    const { downloads } = await parseBody(downloadsRequestSchema, context)
    const hashes = downloads.map((download) => download.contentHash)
    const known = await backend.index.find(context.var.owner, hashes)
    const signed = downloads.map((download) => signDownload(download, known.get(download.contentHash), backend))
    return context.json({ downloads: await Promise.all(signed) } satisfies DownloadsResponse)
  })
}

type Download = DownloadsRequest['downloads'][number]

async function signDownload({ contentHash, variant }: Download, record: PhotoRecord | undefined, backend: Backend) {
  const key = record && keyOf(record, variant)
  if (key === undefined) return { kind: 'unknown', contentHash } as const
  return { kind: 'ready', contentHash, request: await backend.signer.get(backend.storage.name, key) } as const
}

function keyOf(record: PhotoRecord, variant: Download['variant']): string | undefined {
  if (variant === 'original') return record.originalKey
  const made = record.photo.renditions.some((rendition) => rendition.name === variant)
  return made ? renditionKey(record.owner, record.photo.contentHash, variant) : undefined
}
