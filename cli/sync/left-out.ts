const names = new Set([
  '@eadir',
  '@recycle',
  '#recycle',
  '$recycle.bin',
  'desktop.ini',
  'lost+found',
  'system volume information',
  'thumbs.db',
])

/**
 * Whether a file or folder of this name is left out without a look: what systems, NAS boxes and file managers keep for
 * themselves, half-finished downloads, and everything hidden (which covers `.DS_Store`, `._*`, `.Trashes`,
 * `.Spotlight-V100` and `.@__thumb`).
 */
export function isLeftOut(name: string): boolean {
  if (name.startsWith('.') || name.endsWith('.part')) return true
  return names.has(name.toLowerCase())
}
