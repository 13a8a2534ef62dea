/** What a user should know of the connections of a run, from where nobody can be spoken to. */
export interface Notices {
  /** In lower case, a line. */
  tell(message: string): void
  /** Gets what was told before, too: what is noticed while a remote is opened comes before anyone listens. */
  listen(listener: (message: string) => void): void
}

export function createNotices(): Notices {
  const early: string[] = []
  let listener: ((message: string) => void) | undefined
  return {
    tell(message) {
      if (listener) listener(message)
      else early.push(message)
    },
    listen(heard) {
      listener = heard
      for (const message of early.splice(0)) heard(message)
    },
  }
}
