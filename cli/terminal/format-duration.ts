/** A duration for people: `2.3 s`, `1 min 12 s`, `2 h 05 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${padded(whole % 60)} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${padded(minutes % 60)} min`
}

function padded(value: number): string {
  return String(value).padStart(2, '0')
}
