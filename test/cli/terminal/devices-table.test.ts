import { expect, test } from 'vitest'
import { formatDevices } from '../../../cli/terminal/devices-table.ts'

/** By the clock of this machine, wherever it stands. */
const local = (...[year, month, day, hour, minute]: readonly [number, number, number, number, number]): string =>
  new Date(year, month - 1, day, hour, minute, 59).toISOString()

const nas = {
  deviceId: '0a1b2c3d4e5f',
  name: 'nas',
  signedInAt: local(2026, 11, 2, 9, 5),
  signedInFrom: '192.168.1.20',
  lastRefreshedAt: local(2026, 11, 22, 8, 12),
}
const laptop = {
  deviceId: 'f5e4d3c2b1a0',
  name: 'Anna\u202es laptop',
  signedInAt: local(2026, 11, 22, 23, 59),
  signedInFrom: '2001:db8::7',
  lastRefreshedAt: null,
}

test('devices are a table that fits 80 columns, this machine first of all to be told from the others', () => {
  const [heading = '', ...rows] = formatDevices([laptop, nas], nas.deviceId)
  expect(heading.replace(' (UTC)', '').replaceAll(/ +/g, ' ')).toBe(' ID SIGNED IN LAST SEEN FROM NAME')
  expect(rows.map((row) => row.replaceAll(/ {3,}/g, '  '))).toEqual([
    '  f5e4d3c2b1a0  2026-11-22  2026-11-22 23:59  2001:db8::7  Anna\\u202es laptop',
    '* 0a1b2c3d4e5f  2026-11-02  2026-11-22 08:12  192.168.1.20  nas',
    '* this machine',
  ])
  for (const line of [heading, ...rows]) expect(line.length).toBeLessThanOrEqual(80)
  expect(new Set([heading, ...rows.slice(0, 2)].map((line) => line.search(/NAME|Anna|nas/))).size).toBe(1)
})
