import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Remote } from '../../../cli/remote/remote.ts'
import { createOriginalSender } from '../../../cli/sync/original-sender.ts'
import { ownerSchema } from '../../../contract/owner.ts'
import { collect } from '../../collect.ts'
import { openLibraryInTest, openRemoteOf } from '../../embedded/library-in-test.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { clockAhead, runSync } from '../sync/run-sync.ts'

test('what one account has stored is not believed to be stored for another of the same remote', async () => {
  const library = await openLibraryInTest(await temporaryFolder())
  const folder = join(await temporaryFolder(), 'DCIM')
  await mkdir(folder)
  await writeFile(join(folder, 'IMG_1.JPG'), 'not a picture, but its bytes are kept')
  const common = {
    sender: createOriginalSender(library.transport),
    stateFolder: await temporaryFolder(),
    clock: { ...clockAhead(), delay: () => library.backend.queue.whenIdle() },
  }
  const syncAs = (owner: string, remote: Remote) => runSync([folder], { ...common, remote, owner: ownerSchema.parse(owner) })
  const other = await openRemoteOf('somebody-else', library)

  expect((await syncAs(library.session.owner, library.remote)).counts).toEqual({ uploaded: 1 })
  expect((await syncAs('somebody-else', other)).counts).toEqual({ uploaded: 1 })
  expect((await collect(other.listPhotos({}))).map(({ kind }) => kind)).toEqual(['photo', 'location'])
  expect((await syncAs('somebody-else', other)).counts).toEqual({ already_stored: 1 })
})
