/** What must be closed again, in the reverse order of opening. */
export class ClosingStack {
  readonly #closers: (() => void | Promise<void>)[] = []

  /** Remembers how to close what was just opened, and hands it back. */
  add<T>(opened: T, close: (opened: T) => void | Promise<void>): T {
    this.#closers.push(() => close(opened))
    return opened
  }

  /** Closes everything once, also when one of them fails; then throws the first failure. */
  async close(): Promise<void> {
    const failures: unknown[] = []
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) {
      try {
        await close()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
