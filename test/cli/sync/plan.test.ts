import { describe, expect, it } from 'vitest'
import { planFile, planUpload } from '../../../cli/sync/plan.ts'
import type { ScannedFile } from '../../../cli/sync/scan.ts'
import { hashOf } from './remote-in-memory.ts'

const fingerprint = { device: 1, inode: 2, sizeBytes: 3, mtimeMs: 4.5, ctimeMs: 5.25 }
const contentHash = hashOf(Buffer.from('photo'))
const file: ScannedFile = {
  folder: { path: '/home/me/DCIM', location: 'DCIM', shown: '/home/me/DCIM' },
  name: 'a.jpg',
  fingerprint,
  seenAtMs: 100_000,
}
const confirmed = { fingerprint, contentHash, confirmedLocationBytes: 'DCIM/a.jpg'.length }

describe('planFile', () => {
  it.each([
    ['never seen', undefined, { kind: 'hash' }],
    ['confirmed', confirmed, { kind: 'already-stored', contentHash }],
    ['hashed only', { ...confirmed, confirmedLocationBytes: 0 }, { kind: 'ask', contentHash }],
    ['confirmed under another location', { ...confirmed, confirmedLocationBytes: 'a.jpg'.length }, { kind: 'ask', contentHash }],
    ['of another size', { ...confirmed, fingerprint: { ...fingerprint, sizeBytes: 4 } }, { kind: 'hash' }],
    ['with another mtime', { ...confirmed, fingerprint: { ...fingerprint, mtimeMs: 4 } }, { kind: 'hash' }],
    ['with another ctime', { ...confirmed, fingerprint: { ...fingerprint, ctimeMs: 5 } }, { kind: 'hash' }],
    ['another inode', { ...confirmed, fingerprint: { ...fingerprint, inode: 9 } }, { kind: 'hash' }],
    ['on another device', { ...confirmed, fingerprint: { ...fingerprint, device: 9 } }, { kind: 'hash' }],
    ['no photo by its content, but known by its name now', { ...confirmed, contentHash: null }, { kind: 'hash' }],
  ])('a file that is %s', (_what, record, plan) => {
    expect(planFile(file, record)).toEqual(plan)
  })

  it.each(['notes', 'package.json'])('skips what is known to be no photo: %s', (name) => {
    const plan = planFile({ ...file, name }, { ...confirmed, contentHash: null })
    expect(plan).toEqual({ kind: 'skip', reason: 'not a photo, video or sidecar' })
  })
})

describe('planUpload', () => {
  const parts = { kind: 'parts', contentHash, uploadId: 'u', partSizeBytes: 5, uploadedPartNumbers: [] } as const

  it('sends only what the remote lacks', () => {
    expect(planUpload({ kind: 'stored', contentHash })).toEqual({ kind: 'confirm' })
    expect(planUpload({ kind: 'processing', contentHash })).toEqual({ kind: 'confirm' })
    expect(planUpload(parts)).toEqual({ kind: 'send', upload: parts })
    expect(planUpload({ kind: 'refused', contentHash, reason: 'in the trash' })).toEqual({
      kind: 'fail',
      reason: 'the remote refuses it: in the trash',
    })
  })
})
