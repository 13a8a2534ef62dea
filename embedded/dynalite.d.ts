declare module 'dynalite' {
  import type { Server } from 'node:http'

  interface DynaliteOptions {
    /** LevelDB folder; without it everything is in memory. */
    readonly path?: string
    readonly createTableMs?: number
  }

  /** Closing the server closes its database too. */
  function dynalite(options?: DynaliteOptions): Server

  export { dynalite as default }
}
