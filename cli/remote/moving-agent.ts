import { Agent, type ClientRequestArgs } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * The connections to a library of this machine, which another process may take over in the middle of a run: it is reached at
 * another port of loopback then. All that was signed for its first one is still good, since `Host` says that one.
 */
export class MovingAgent extends Agent {
  readonly #hosts = new Set<string>()
  #port: string | undefined

  /** New connections to either go to the second one from now on. */
  move(from: URL, to: URL): void {
    this.#hosts.add(from.host).add(to.host)
    this.#port = to.port
  }

  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const hasMoved = this.#port !== undefined && this.#hosts.has(`${options.host}:${options.port}`)
    return super.createConnection(hasMoved ? { ...options, port: this.#port } : options, callback)
  }
}
