/**
 * @typedef {import('./command-line.js').CommandLine} CommandLine
 * @typedef {Partial<CommandLine> & Pick<CommandLine, 'script'>} Typed as much of a command line as was understood
 *
 * What to type next. Every command line that a script prints is made here, out of the whole line that was typed: one without its
 * stage, its region or its profile would do the same to something else.
 * @typedef {object} Commands
 * @property {Typed} line
 * @property {(changes?: Partial<CommandLine>) => string} again the same line with some changes; parameters are added to those typed
 * @property {() => string} help
 * @property {(words: string, profile?: string) => string} aws a command of the AWS CLI, as whom the line was typed
 */

export const defaultStage = 'prod'

/** Holds a command together until all lines are made; no text of ours has one. */
export const hold = '\u00a0'

/** What is never to be broken between its words. @param {string} text */
export const held = (text) => text.replaceAll(' ', hold)

/** How a script is called, before its flags. @param {CommandLine['script']} script */
export const npmRun = (script) => `npm run ${script}`

/** @param {Typed} line @returns {Commands} */
export function commandsOf(line) {
  return {
    line,
    again: (changes = {}) => {
      const parameters = { ...line.parameters, ...changes.parameters }
      // Whatever is pasted asks first, unless this is what it is about.
      return held(lineOf({ ...line, yes: false, ...changes, parameters }))
    },
    help: () => held(`${npmRun(line.script)} -- --help`),
    aws: (words, profile = line.profile) => held(`aws ${words}${flag('--profile', profile)}`),
  }
}

/** @param {Typed} line */
function lineOf({ script, stage = defaultStage, region, profile, parameters = {}, user, continueRollback, yes }) {
  const where = [
    flag('--stage', stage === defaultStage ? undefined : stage),
    flag('--region', region),
    flag('--profile', profile),
  ]
  const pairs = Object.entries(parameters).map(([name, value]) => flag('--param', `${name}=${value}`))
  const ofDeploying = [...pairs, flag('--user', user), continueRollback ? ' --continue-rollback' : '']
  const flags = [...where, ...(script === 'deploy' ? ofDeploying : []), yes ? ' --yes' : ''].join('')
  return `${npmRun(script)}${flags === '' ? '' : ` --${flags}`}`
}

/** @param {string} name @param {string | undefined} value */
function flag(name, value) {
  return value === undefined ? '' : ` ${name} ${quoted(value)}`
}

/** As a shell takes it for one word. @param {string} value */
export function quoted(value) {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`
}
