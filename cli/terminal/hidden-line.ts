/** What a key did to the line: it goes on, is finished, or is given up (Ctrl-C; Ctrl-D where nothing is typed yet). */
export type KeyOutcome = 'typing' | 'finished' | 'interrupted' | 'ended'

/** A line that is typed without being shown. */
export interface HiddenLine {
  readonly text: string
  /** Takes one code point, as a terminal in raw mode sends them. */
  press(character: string): KeyOutcome
}

const enter = ['\r', '\n']
const backspace = ['\b', '\x7f']
/** Ctrl-U and Ctrl-W: in what nobody sees there are no words. */
const eraseAll = ['\x15', '\x17']
const ctrlC = '\x03'
const ctrlD = '\x04'

/** An arrow key, or the mark of a paste: swallowed. Source: ECMA-48, section 5.4. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what keys send
const wholeSequence = /^\x1b(?:\[[0-?]*[ -/]*[@-~]|O[@-~])$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what keys send
const unfinishedSequence = /^\x1b(?:\[[0-?]*[ -/]*|O)?$/

export function createHiddenLine(): HiddenLine {
  let text = ''
  let sequence = ''
  return {
    get text() {
      return text
    },
    press(character) {
      sequence += character
      if (unfinishedSequence.test(sequence)) return 'typing'
      const isKey = !wholeSequence.test(sequence)
      sequence = ''
      if (!isKey) return 'typing'
      if (enter.includes(character)) return 'finished'
      if (character === ctrlC) return 'interrupted'
      if (character === ctrlD && text === '') return 'ended'
      text = edited(text, character)
      return 'typing'
    },
  }
}

const graphemes = new Intl.Segmenter()

/** Backspace takes back what looks like one character: an emoji of several code points, too. Other control keys do nothing. */
function edited(text: string, character: string): string {
  if (eraseAll.includes(character)) return ''
  if (backspace.includes(character)) return text.slice(0, [...graphemes.segment(text)].at(-1)?.index ?? 0)
  return /^\p{Cc}$/u.test(character) ? text : text + character
}
