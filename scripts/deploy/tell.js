import { hold } from './commands.js'

/**
 * What is known of where a text goes; of a pipe or a file, nothing.
 * @typedef {{ isTTY?: boolean | undefined, columns?: number | undefined }} Breadth
 */

/** For people: standard output has only what is to be copied, or what a script would want. @param {string} text may have several lines */
export function say(text) {
  process.stderr.write(`${wrapFor(process.stderr, text)}\n`)
}

/**
 * A text in lines that fit a terminal, broken between words; what stands in a column goes on in that column. A command is never
 * broken: where it fits on no line the terminal itself breaks it, which leaves it whole to who selects it. What is no terminal gets
 * the lines as they are.
 * @param {Breadth} breadth
 * @param {string} text
 */
export function wrapFor({ isTTY, columns }, text) {
  const lines = text.split('\n')
  const wrapped = isTTY && columns !== undefined ? lines.flatMap((line) => wrapLine(line, columns)) : lines
  return wrapped.join('\n').replaceAll(hold, ' ')
}

/** @param {string} whole @param {number} columns @returns {readonly string[]} */
function wrapLine(whole, columns) {
  if (whole.length <= columns) return [whole]
  const [, margin = '', term = ''] = /^( *)(\S.*? {2,}(?=\S))?/.exec(whole) ?? []
  const hasColumn = term !== '' && margin.length + term.length <= columns / 2
  const start = hasColumn ? margin + term : margin
  const lines = []
  let line = ''
  for (const word of whole.slice(start.length).split(/ +/)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && start.length + longer.length > columns) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line].map((text, index) => `${index === 0 ? start : ' '.repeat(start.length)}${text}`)
}
