import { inspect } from 'node:util'

/**
 * Characters that move the cursor, recolour, hide or reorder what a terminal shows: C0 and C1 controls, DEL, line and
 * paragraph separators, zero-width and bidirectional controls, tags, and halves of surrogate pairs.
 */
const invisible =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: to find them is the purpose
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Surrogate}]/gu

/** An error that is a bug, with its stack trace, for people: as Node.js would show it, without what a remote may have put in. */
export function formatBug(error: unknown): string {
  return inspect(error).split('\n').map(visible).join('\n')
}

/** A name or message made safe to print: `evil\x1b[2J.jpg`, `\u202egpj.exe`. For people only; JSON keeps names as they are. */
export function visible(text: string): string {
  return text.replace(invisible, (character) => {
    const code = character.codePointAt(0) ?? 0
    const digits = code.toString(16)
    if (code <= 0xff) return `\\x${digits.padStart(2, '0')}`
    return code <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\u{${digits}}`
  })
}
