import { once } from 'node:events'
import { open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { writeChunks } from '../../../embedded/s3/durable-file.ts'
import { keyPath } from '../../../embedded/s3/key-path.ts'
import { openS3 } from '../../../embedded/s3/open-s3.ts'
import { openRecords, putRecord, recordName } from '../../../embedded/s3/records.ts'
import { toS3Error } from '../../../embedded/s3/s3-error.ts'
import { Probe } from '../../suites/s3/probe.ts'
import { accessKeyId, region, type ServedS3, secretAccessKey, serveS3, withTemporaryFolder } from './serve-s3.ts'

const bucket = 'photos-storage'

function probeOf(served: ServedS3): Probe {
  return new Probe({ ...served, region, bucket, credentials: { accessKeyId, secretAccessKey } })
}

/** Runs `use` with the S3 of a folder, and closes it. */
async function withS3<T>(folder: string, use: (probe: Probe, served: ServedS3) => Promise<T>): Promise<T> {
  const served = await serveS3(folder)
  try {
    return await use(probeOf(served), served)
  } finally {
    await served.close()
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('/records'))
    .map((entry) => join(entry.parentPath, entry.name))
}

describe('what lies on the disk', () => {
  test('an original is a plain file under its own key', async () => {
    await withTemporaryFolder(async (folder) => {
      await withS3(folder, (probe) => probe.put('originals/owner/hash.jpg', 'photo'))
      expect(await readFile(join(folder, 'originals/owner/hash.jpg'), 'utf8')).toBe('photo')
      expect(await filesIn(folder)).toEqual([join(folder, 'originals/owner/hash.jpg')])
    })
  })

  test('objects, their metadata and their order outlive a restart', async () => {
    await withTemporaryFolder(async (folder) => {
      await withS3(folder, async (probe) => {
        for (const name of ['b', 'a', 'c/d']) await probe.put(name, name, { Metadata: { name } })
      })
      await withS3(folder, async (probe) => {
        const { Contents } = await probe.client.send(new ListObjectsV2Command({ Bucket: bucket }))
        expect(Contents?.map((object) => object.Key)).toEqual(['a', 'b', 'c/d'])
        expect((await probe.get('c/d')).toString()).toBe('c/d')
      })
    })
  })

  test('replacing and deleting leave no file behind', async () => {
    await withTemporaryFolder(async (folder) => {
      await withS3(folder, async (probe) => {
        for (const text of ['1', '2', '3']) await probe.put('a', text)
        await probe.put('b', 'b')
        await probe.sendSigned({ method: 'DELETE', path: probe.path('b') })
        await probe.sendSigned({
          method: 'PUT',
          path: probe.path('c'),
          headers: { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' },
          body: Buffer.from('x'),
        })
      })
      expect(await filesIn(folder)).toEqual([join(folder, 'a~')])
    })
  })

  test('the parts of an upload outlive a restart; those of a completed one do not stay', async () => {
    await withTemporaryFolder(async (folder) => {
      const names = { Bucket: bucket, Key: 'big', UploadId: '' }
      await withS3(folder, async (probe) => {
        names.UploadId =
          (await probe.client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'big' }))).UploadId ?? ''
        await probe.client.send(new UploadPartCommand({ ...names, PartNumber: 1, Body: Buffer.from('part') }))
      })
      await withS3(folder, async (probe) => {
        const { Parts = [] } = await probe.client.send(new ListPartsCommand(names))
        const MultipartUpload = { Parts: Parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag })) }
        await probe.client.send(new CompleteMultipartUploadCommand({ ...names, MultipartUpload }))
        expect((await probe.get('big')).toString()).toBe('part')
      })
      expect(await filesIn(folder)).toEqual([join(folder, 'big~')])
    })
  })

  test('an object whose file a person has removed is not there, and can be written again', async () => {
    await withTemporaryFolder(async (folder) => {
      await withS3(folder, async (probe) => {
        await probe.put('originals/a.jpg', 'x')
        await rm(join(folder, 'originals/a.jpg'))
        expect(await probe.exists('originals/a.jpg')).toBe(false)
        await probe.put('originals/a.jpg', 'again', { IfNoneMatch: '*' })
        expect((await probe.get('originals/a.jpg')).toString()).toBe('again')
      })
    })
  })

  test('a torn connection leaves no temporary file', async () => {
    await withTemporaryFolder(async (folder) => {
      await withS3(folder, async (probe, served) => {
        const { headers = {} } = await probe.sign({
          method: 'PUT',
          path: probe.path('torn'),
          headers: { 'content-length': '9000000' },
        })
        const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
        const socket = connect(Number(new URL(served.endpoint).port), '127.0.0.1')
        socket.write(`PUT ${probe.path('torn')} HTTP/1.1\r\n${head.join('')}\r\n`)
        socket.write(Buffer.alloc(4_000_000), () => socket.destroy())
        await once(socket, 'close')
      })
      expect(await filesIn(folder)).toEqual([])
    })
  })

  test('a version that was moved into place but never committed is swept at the next start', async () => {
    await withTemporaryFolder(async (folder) => {
      await withS3(folder, async (probe) => {
        await probe.put('replaced', 'old')
        await probe.put('kept', 'kept')
      })
      const records = await openRecords(join(folder, '.photos', 's3', 'records'))
      const left = ['replaced', 'fresh'].map((key) => putRecord(recordName.unsettled(bucket, key), { bucket, key }))
      await records.batch(left)
      await records.close()
      await writeFile(join(folder, keyPath('replaced', 1)), 'half')
      await writeFile(join(folder, keyPath('fresh', 0)), 'half')
      await writeFile(join(folder, '.photos/s3/temporary/half'), 'half')
      await withS3(folder, async (probe) => {
        expect([(await probe.get('replaced')).toString(), await probe.exists('fresh')]).toEqual(['old', false])
      })
      expect((await filesIn(folder)).sort()).toEqual([join(folder, 'kept~'), join(folder, 'replaced~')])
    })
  })

  test('a new version takes the free place, so that the old one is whole until the record says otherwise', async () => {
    await withTemporaryFolder(async (folder) => {
      await withS3(folder, async (probe) => {
        await probe.put('a.jpg', 'old')
        await probe.put('a.jpg', 'new')
        expect(await filesIn(folder)).toEqual([join(folder, 'a.jpg~1')])
        await probe.put('a.jpg', 'newest')
        expect(await filesIn(folder)).toEqual([join(folder, 'a.jpg')])
      })
    })
  })

  test('only one process at a time opens a folder', async () => {
    await withTemporaryFolder(async (folder) => {
      await withS3(folder, async () => {
        await expect(serveS3(folder)).rejects.toThrow()
      })
    })
  })

  test('the metadata is for its owner only', async () => {
    await withTemporaryFolder(async (folder) => {
      await withS3(folder, (probe) => probe.put('a', 'x'))
      expect((await stat(join(folder, '.photos', 's3'))).mode & 0o077).toBe(0)
      expect((await stat(join(folder, 'a~'))).mode & 0o077).toBe(0)
    })
  })

  test('a full disk is 507 InsufficientStorage', async () => {
    const full = await open('/dev/full', 'w')
    try {
      const chunks = (async function* () {
        yield Buffer.from('x')
      })()
      const error = await writeChunks(full, chunks).catch((reason: unknown) => toS3Error(reason))
      expect(error).toMatchObject({ code: 'InsufficientStorage', status: 507 })
    } finally {
      await full.close()
    }
  })

  test('the free space of the disk can be asked for', async () => {
    await withTemporaryFolder(async (folder) => {
      await withS3(folder, async (_, { store }) => {
        expect(await store.freeBytes()).toBeGreaterThan(0)
      })
    })
  })

  test('a bucket on another file system is refused, with the reason', async () => {
    await withTemporaryFolder(async (folder) => {
      const opening = openS3({
        metadataFolder: folder,
        region,
        buckets: { proc: '/dev/shm' },
        findCredentials: () => undefined,
        onObjectCreated: () => undefined,
      })
      await expect(opening).rejects.toThrow('another file system')
    })
  })
})
