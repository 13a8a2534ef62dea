/** `restore`: ask for the thaw of an archived object. */
export type Action = 'read' | 'write' | 'delete' | 'list' | 'restore'

/** Allows `actions` on the keys of `bucket` that start with `prefix`. */
export interface Grant {
  readonly bucket: string
  readonly prefix: string
  readonly actions: readonly Action[]
}

/** What belongs to an access key id. Without `grants` everything is allowed. */
export interface Credentials {
  readonly secretAccessKey: string
  /** Temporary credentials have one, and every request must then carry it. */
  readonly sessionToken?: string | undefined
  readonly expiresAt?: Date | undefined
  readonly grants?: readonly Grant[] | undefined
}

/** What belongs to an access key id; undefined for an unknown one. The session token is what the request says; it is compared later. */
export type FindCredentials = (accessKeyId: string, sessionToken: string | undefined) => Credentials | undefined

/** For `list`, `key` is the prefix that is asked for: nothing outside a grant's prefix can then come out. */
export function isAllowed(credentials: Credentials, action: Action, bucket: string, key: string): boolean {
  if (credentials.grants === undefined) return true
  return credentials.grants.some(
    (grant) => grant.bucket === bucket && grant.actions.includes(action) && key.startsWith(grant.prefix),
  )
}
