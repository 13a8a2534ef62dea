/** A failure that whoever deploys can mend: what is wrong, in words, and what to type or do next. Anything else that is thrown is a bug. */
export class DeployFailure extends Error {
  /** @param {string} message in lower case @param {string} next may have several lines @param {unknown} [cause] */
  constructor(message, next, cause) {
    super(message, { cause })
    this.name = 'DeployFailure'
    this.next = next
  }
}

/** The command line itself is wrong. */
export class UsageFailure extends DeployFailure {}
