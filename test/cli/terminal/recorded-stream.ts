import { Writable } from 'node:stream'

/** A stream that keeps what is written to it. */
export class RecordedStream extends Writable {
  readonly isTTY: boolean
  readonly columns = 100
  #text = ''

  constructor(options: { readonly isTTY?: boolean } = {}) {
    super({ decodeStrings: false })
    this.isTTY = options.isTTY ?? false
  }

  get text(): string {
    return this.#text
  }

  /** Without the last line end. */
  get lines(): readonly string[] {
    return this.#text === '' ? [] : this.#text.replace(/\n$/, '').split('\n')
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#text += chunk.toString()
    callback()
  }
}

/** A pipe whose reader has gone after so many lines, as `| head` does. */
export class BrokenPipe extends RecordedStream {
  readonly #limit: number

  constructor(lines: number) {
    super()
    this.#limit = lines
  }

  override _write(chunk: string | Buffer, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    if (this.lines.length >= this.#limit) callback(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    else super._write(chunk, encoding, callback)
  }
}
