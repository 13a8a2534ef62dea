/**
 * The file on this machine failed, not the wire. A network share speaks of its trouble in the network's own codes (`ETIMEDOUT`,
 * `EHOSTUNREACH`), and must be taken neither for a connection that is worth another attempt nor for a storage that is gone.
 * Carries the file system's error as its `cause`.
 */
export class LocalFileError extends Error {
  override readonly name = 'LocalFileError'

  constructor(cause: unknown) {
    super('the file cannot be read or written', { cause })
  }
}

/** What reading or writing a file comes to; its failure as a {@link LocalFileError}. */
export async function ofLocalFile<T>(access: Promise<T>): Promise<T> {
  try {
    return await access
  } catch (error) {
    throw new LocalFileError(error)
  }
}
