/** Requests that are being answered. A client that has gone does not end what it asked for: only the answerer does. */
export class UnderWay {
  readonly #answers = new Set<Promise<void>>()

  /** Hands the answer back. */
  follow(answer: Promise<void>): Promise<void> {
    this.#answers.add(answer)
    void answer.finally(() => this.#answers.delete(answer))
    return answer
  }

  /** Resolves when all that are under way now have come to an end, whatever has come in meanwhile. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#answers)
  }
}
