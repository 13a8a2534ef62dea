import { statfsSync } from 'node:fs'
import { type BytePath, bytesOf } from '../byte-path.ts'

/** File systems of which the system hears only what this machine itself does. Source: statfs(2), linux/magic.h. */
const networkTypes = new Set([
  0x6969, // NFS
  0x517b, // SMB
  0xff534d42, // CIFS
  0xfe534d42, // SMB 2 and later
  0x01021997, // 9P, as virtual machines have it
  0x00c36400, // Ceph
  0x5346414f, // AFS
])

/** Whether what other machines do there is told to nobody here. Of other systems than Linux it is not known, and false. */
export function isNetworkShare(path: BytePath): boolean {
  try {
    return isNetworkType(statfsSync(bytesOf(path)).type)
  } catch {
    return false // it is gone; what is to be said of that is said elsewhere
  }
}

/** @param type `f_type` of statfs(2), signed on some machines */
export function isNetworkType(type: number): boolean {
  return process.platform === 'linux' && networkTypes.has(type >>> 0)
}
