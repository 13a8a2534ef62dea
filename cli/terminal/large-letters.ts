/** Five rows of five dots each. */
const glyphs: Readonly<Record<string, string>> = {
  B: '####. #...# ####. #...# ####.',
  C: '.#### #.... #.... #.... .####',
  D: '####. #...# #...# #...# ####.',
  F: '##### #.... ###.. #.... #....',
  G: '.#### #.... #..## #...# .###.',
  H: '#...# #...# ##### #...# #...#',
  J: '..### ...#. ...#. #..#. .##..',
  K: '#...# #..#. ###.. #..#. #...#',
  L: '#.... #.... #.... #.... #####',
  M: '#...# ##.## #.#.# #...# #...#',
  N: '#...# ##..# #.#.# #..## #...#',
  P: '####. #...# ####. #.... #....',
  Q: '.###. #...# #.#.# #..#. .##.#',
  R: '####. #...# ####. #..#. #...#',
  S: '.#### #.... .###. ....# ####.',
  T: '##### ..#.. ..#.. ..#.. ..#..',
  V: '#...# #...# #...# .#.#. ..#..',
  W: '#...# #...# #.#.# ##.## #...#',
  X: '#...# .#.#. ..#.. .#.#. #...#',
  Z: '##### ...#. ..#.. .#... #####',
  '-': '..... ..... .###. ..... .....',
}

const glyphDots = 5
const gap = '  '

/** A user code in letters three lines high, of half blocks; undefined where it holds others than user codes do. */
export function formatLarge(text: string): readonly string[] | undefined {
  const letters = [...text].map((letter) => glyphs[letter]?.split(' '))
  const known = letters.filter((rows) => rows !== undefined)
  if (known.length !== letters.length) return undefined
  const dots = Array.from({ length: glyphDots }, (_, row) => known.map((rows) => rows[row] ?? '').join(gap))
  return [0, 2, 4].map((row) => halfBlocks(dots[row] ?? '', dots[row + 1] ?? ''))
}

/** How wide a user code is in large letters. */
export const largeCodeColumns = 9 * glyphDots + 8 * gap.length

function halfBlocks(upper: string, lower: string): string {
  const blocks = [...upper].map((dot, column) => {
    if (dot === '#') return lower[column] === '#' ? '█' : '▀'
    return lower[column] === '#' ? '▄' : ' '
  })
  return blocks.join('').trimEnd()
}
