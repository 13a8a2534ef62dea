import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'

/** node:crypto's SHA-256, or HMAC-SHA-256 where a secret is given, in the shape that `@smithy/signature-v4` asks for. */
export class NodeSha256 {
  readonly #secret: string | NodeJS.ArrayBufferView | undefined
  #hash: Hash | Hmac

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret instanceof ArrayBuffer ? new Uint8Array(secret) : toView(secret)
    this.#hash = this.#create()
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes)
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest())
  }

  reset(): void {
    this.#hash = this.#create()
  }

  #create(): Hash | Hmac {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret)
  }
}

function toView(secret: string | ArrayBufferView | undefined): string | Uint8Array | undefined {
  return typeof secret === 'object' ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength) : secret
}
