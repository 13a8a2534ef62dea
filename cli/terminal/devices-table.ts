import type { SignedInDevice } from '../../contract/devices.ts'
import { visible } from './visible.ts'

/**
 * The devices of an account in a table that fits 80 columns, with times by the clock of this machine:
 *
 *       ID          SIGNED IN   LAST SEEN         FROM          NAME
 *     * abcdefgh12  2026-11-22  2026-11-23 08:12  192.168.1.20  nas
 *     * this machine
 */
export function formatDevices(devices: readonly SignedInDevice[], ownId: string): readonly string[] {
  const rows = devices.map(({ deviceId, name, signedInAt, signedInFrom, lastRefreshedAt }) => [
    deviceId === ownId ? '*' : '',
    deviceId,
    localTime(signedInAt).slice(0, '2026-11-22'.length),
    localTime(lastRefreshedAt ?? signedInAt),
    visible(signedInFrom),
    visible(name),
  ])
  const table = [['', 'ID', 'SIGNED IN', `LAST SEEN${zone()}`, 'FROM', 'NAME'], ...rows]
  const widthOf = (column: number): number => Math.max(...table.map((row) => row[column]?.length ?? 0))
  const lines = table.map((row) => row.map((cell, column) => cell.padEnd(widthOf(column))))
  // The mark stands close to what it marks.
  return [...lines.map(([mark, ...cells]) => `${mark} ${cells.join('  ')}`.trimEnd()), '* this machine']
}

/** Named only where it is nobody's own, as on most servers. */
function zone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone === 'UTC' ? ' (UTC)' : ''
}

/** To the minute. */
function localTime(time: string): string {
  const at = new Date(time)
  const [month, day, hour, minute] = [at.getMonth() + 1, at.getDate(), at.getHours(), at.getMinutes()].map((part) =>
    String(part).padStart(2, '0'),
  )
  return `${at.getFullYear()}-${month}-${day} ${hour}:${minute}`
}
