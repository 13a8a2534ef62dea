import { readFileSync, statSync } from 'node:fs'
import { bytesOf } from '../byte-path.ts'
import { errorCode } from '../error-code.ts'
import type { Source } from './sources.ts'

/** File systems that are made up by the kernel: what looks like files there is none. Source: /proc/filesystems, `man 5 proc` */
const systemTypes: ReadonlySet<string> = new Set([
  'binfmt_misc',
  'bpf',
  'cgroup',
  'cgroup2',
  'configfs',
  'debugfs',
  'devpts',
  'devtmpfs',
  'efivarfs',
  'fusectl',
  'mqueue',
  'nfsd',
  'nsfs',
  'proc',
  'pstore',
  'rpc_pipefs',
  'securityfs',
  'selinuxfs',
  'sysfs',
  'tracefs',
])

/**
 * The devices, as `stat` numbers them, of file systems that the kernel makes up: `/proc`, `/sys`, `/dev`. Without those that a source
 * lies on, as who names one means it. None where the system does not tell.
 */
export function systemDevicesBelow(sources: readonly Source[]): ReadonlySet<number> {
  const devices = systemDevicesOf(unlessAnError(() => readFileSync('/proc/self/mountinfo', 'latin1')) ?? '')
  if (devices.size === 0) return devices
  const meant = new Set(sources.map(({ path }) => unlessAnError(() => statSync(bytesOf(path)).dev)))
  return new Set([...devices].filter((device) => !meant.has(device)))
}

function unlessAnError<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return undefined
  }
}

/** @param mountInfo such as `22 27 0:21 / /proc rw shared:2 - proc proc rw`, a mount a line: `man 5 proc_pid_mountinfo` */
export function systemDevicesOf(mountInfo: string): ReadonlySet<number> {
  const devices = new Set<number>()
  for (const line of mountInfo.split('\n')) {
    const [, major, minor, type = ''] = /^\d+ \d+ (\d+):(\d+) .*? - (\S+) /.exec(line) ?? []
    if (systemTypes.has(type)) devices.add(deviceNumber(Number(major), Number(minor)))
  }
  return devices
}

/** As glibc's `makedev` puts it together. */
function deviceNumber(major: number, minor: number): number {
  return (minor % 2 ** 8) + (major % 2 ** 12) * 2 ** 8 + Math.floor(minor / 2 ** 8) * 2 ** 20
}
