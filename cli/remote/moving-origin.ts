/**
 * A library of this machine that another process takes over in the middle of a run: it is reached at another port of
 * loopback then, and all that was signed for its first one is still good, as long as `Host` says that one.
 */
export class MovingOrigin {
  readonly #origins = new Set<string>()
  #port: string | undefined

  /** Requests to either go to the second one from now on. */
  moved(from: URL, to: URL): void {
    this.#origins.add(from.origin).add(to.origin)
    this.#port = to.port
  }

  /** The port that requests to this address go to; undefined where it is the address's own. */
  portFor(url: string): string | undefined {
    return this.#port !== undefined && this.#origins.has(new URL(url).origin) ? this.#port : undefined
  }
}
