const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** A size for people, in decimal units as disks and clouds are sold: `999 B`, `48.1 MB`. */
export function formatBytes(sizeBytes: number): string {
  let value = Math.max(0, sizeBytes)
  let step = 0
  // 999.95 would be shown as 1000.0.
  while (value >= (step === 0 ? 1000 : 999.95) && step < units.length - 1) {
    value /= 1000
    step += 1
  }
  return `${step === 0 ? Math.round(value) : value.toFixed(1)} ${units[step]}`
}
