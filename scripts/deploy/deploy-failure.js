/**
 * What to type or do next; a function where that has a command in it, so that it is made from the line that was typed.
 * @typedef {string | ((commands: import('./commands.js').Commands) => string)} Next
 */

/** A failure that whoever deploys can mend: what is wrong, in words, and what to do next. Anything else that is thrown is a bug. */
export class DeployFailure extends Error {
  /** @param {string} message in lower case @param {Next} next may have several lines @param {unknown} [cause] */
  constructor(message, next, cause) {
    super(message, { cause })
    this.name = 'DeployFailure'
    this.next = next
  }
}

/** The command line itself is wrong. */
export class UsageFailure extends DeployFailure {}

/** @param {Next} next @param {import('./commands.js').Commands} commands */
export const nextOf = (next, commands) => (typeof next === 'string' ? next : next(commands))
