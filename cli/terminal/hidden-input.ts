import { on } from 'node:events'
import type { Input, Output } from '../context.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { Interruption } from '../interruption.ts'
import { createHiddenLine } from './hidden-line.ts'

/** A terminal whose keys can be read without being shown. */
export type Terminal = Input & { setRawMode(isRaw: boolean): unknown }

export function isTerminal(stdin: Input): stdin is Terminal {
  return stdin.isTTY === true && stdin.setRawMode !== undefined
}

/** Asks on a terminal without showing what is typed, until it is disposed of; then the terminal is as it was. */
export interface HiddenInput extends Disposable {
  /** Throws an {@link Interruption} at Ctrl-C, and a `UserError` where the terminal goes away. */
  ask(question: string): Promise<string>
}

/** What is typed, or pasted, ahead of a question counts for it. */
export function openHiddenInput(stdin: Terminal, stderr: Output, signal: AbortSignal): HiddenInput {
  const closing = new AbortController()
  stdin.setRawMode(true)
  const characters = typedCharacters(stdin, AbortSignal.any([signal, closing.signal]))
  return {
    async ask(question) {
      stderr.write(question)
      try {
        return await readHiddenLine(characters)
      } finally {
        stderr.write('\n') // the one that Enter did not show
      }
    },
    [Symbol.dispose]() {
      closing.abort()
      stdin.pause()
      stdin.setRawMode(false)
    },
  }
}

async function readHiddenLine(characters: AsyncIterator<string>): Promise<string> {
  const line = createHiddenLine()
  for (;;) {
    const next = await characters.next()
    const outcome = next.done === true ? 'ended' : line.press(next.value)
    if (outcome === 'finished') return line.text
    if (outcome === 'interrupted') throw new Interruption('SIGINT')
    if (outcome === 'ended') throw nothingTyped()
  }
}

/** Listens from now on, so that nothing gets lost between two questions. */
function typedCharacters(stdin: Input, signal: AbortSignal): AsyncIterator<string> {
  const chunks = on(stdin, 'data', { signal, close: ['end', 'close'] })
  return (async function* () {
    const decoder = new TextDecoder()
    for await (const [chunk] of chunks) yield* decoder.decode(chunk, { stream: true })
  })()
}

function nothingTyped(): UserError {
  return new UserError('nothing was typed', { exitCode: exitCodes.usage, hint: 'run the same command again' })
}
