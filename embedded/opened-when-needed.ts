/** Something that costs time to open, and is opened once when it is asked for first. */
export class OpenedWhenNeeded<T> {
  readonly #open: () => Promise<T>
  #opened: Promise<T> | undefined

  constructor(open: () => Promise<T>) {
    this.#open = open
  }

  /** Who comes after a failure tries again. */
  async get(): Promise<T> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined
      throw error
    })
    return await this.#opened
  }

  /** Closes it if it was opened. */
  async close(close: (opened: T) => Promise<void>): Promise<void> {
    const opened = await this.#opened
    if (opened !== undefined) await close(opened)
  }
}
