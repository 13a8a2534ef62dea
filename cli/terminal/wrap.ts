/** Begins a command that is to be typed, alone or behind a variable; it ends where the sentence goes on. */
const command =
  /(?:\b[A-Z_]+=\S+ )?\bphotos (?:cost|devices|doctor|free-up|login|logout|ls|pull|schedule|serve|sync|trash|users|verify|watch|whoami)\b[^;,`]*/g
/** What `photos free-up` says to type, and names that a shell needs quoted. A quote behind a letter is an apostrophe. */
const systemCommand = /\b(?:cp -an|rm -r)(?: (?:'[^']*'|\\.|[^\s'\\(;])+)+|(?<!\S)'[^']*'(?:'[^']*'|\\.|[^\s'\\])*/g
/** What holds a command together until all lines are made; no text of ours has one. */
const hold = '\u00a0'

/** What is known of where a message goes; of a pipe or a file, nothing. */
export interface Breadth {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/**
 * A message in lines that fit a terminal, broken between words. A command that is to be typed is never broken: where it does
 * not fit on the rest of its line it begins a line of its own, and where it fits on none the terminal itself breaks it, which
 * leaves it whole to who selects it. What is no terminal gets one line.
 */
export function wrapFor({ isTTY, columns }: Breadth, text: string, indent = ''): string {
  if (!isTTY || columns === undefined || indent.length + text.length <= columns) return `${indent}${text}`
  const held = (typed: string): string => typed.replaceAll(' ', hold)
  const words = text.replaceAll(command, held).replaceAll(systemCommand, held).split(' ')
  const lines: string[] = []
  let line = ''
  for (const word of words) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && indent.length + longer.length > columns) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line].map((text) => `${indent}${text.replaceAll(hold, ' ')}`).join('\n')
}
