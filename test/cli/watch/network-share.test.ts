import { expect, test } from 'vitest'
import { bytePathOf } from '../../../cli/byte-path.ts'
import { isNetworkShare, isNetworkType } from '../../../cli/watch/network-share.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

test.skipIf(process.platform !== 'linux').each([
  ['NFS', 0x6969, true],
  ['SMB, as a number with a sign', 0xfe534d42 - 2 ** 32, true],
  ['CIFS', 0xff534d42, true],
  ['ext4', 0xef53, false],
  ['btrfs', 0x9123683e, false],
  ['tmpfs', 0x01021994, false],
])('%s', (_name, type, expected) => {
  expect(isNetworkType(type)).toBe(expected)
})

test('a folder of this machine, and one that is gone, are none', async () => {
  const folder = await temporaryFolder()
  expect([isNetworkShare(bytePathOf(folder)), isNetworkShare(bytePathOf(`${folder}/gone`))]).toEqual([false, false])
})
