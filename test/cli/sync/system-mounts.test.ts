import { existsSync } from 'node:fs'
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { scan } from '../../../cli/sync/scan.ts'
import { findSources } from '../../../cli/sync/sources.ts'
import { systemDevicesOf } from '../../../cli/sync/system-mounts.ts'
import { collect } from '../../collect.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

it('knows the devices of what the kernel makes up, by what it is and not by where', () => {
  const mountInfo = [
    '22 27 0:21 / /proc rw,relatime - proc proc rw',
    '24 27 0:6 / /dev rw shared:2 master:1 - devtmpfs devtmpfs rw,size=1k',
    '25 24 0:23 / /dev/shm rw,relatime - tmpfs tmpfs rw',
    '27 1 254:0 / / rw - ext4 /dev/vda rw',
    '28 27 8:300 / /mnt/proc\\040- rw - ext4 /dev/sda rw',
    '29 27 0:300 / /sys rw - sysfs sysfs rw',
    '',
  ]
  expect([...systemDevicesOf(mountInfo.join('\n'))]).toEqual([21, 6, 2 ** 20 + 44])
  expect(systemDevicesOf('')).toEqual(new Set())
})

describe.skipIf(!existsSync('/proc/self/mountinfo'))('a scan', () => {
  const now = (): number => 0
  const selection = { followsLinks: true }

  it('leaves out what the kernel makes up', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'a.jpg'), '')
    await symlink('/proc', join(folder, 'processes')) // no test may mount anything
    const batches = await collect(scan(findSources([folder]), { now, selection }))
    expect(batches.flatMap(({ files }) => files.map(({ name }) => name))).toEqual(['a.jpg'])
    expect(batches.flatMap(({ leftOut }) => leftOut)).toEqual([{ name: 'processes', cause: 'system' }])
  })

  it('takes it where it is named', async () => {
    const source = `/proc/${process.pid}/task`
    const batches = await collect(scan(findSources([source]), { now }))
    expect(batches.map(({ folder }) => folder.shown)).toContain(`${source}/${process.pid}`)
  })
})
