import type { Command } from 'commander'

/** A line to type of each command that needs words, as the README has it. */
const examples: ReadonlyMap<string, string> = new Map([
  ['photos sync', 'photos sync ~/DCIM'],
  ['photos watch', 'photos watch ~/DCIM'],
  ['photos pull', 'photos pull --to ~/back'],
  ['photos login', 'photos login https://nas.local:8420'],
  ['photos free-up', 'photos free-up ~/DCIM --to ~/moved-aside'],
  ['photos trash add', 'photos trash add ~/DCIM/IMG_0001.JPG'],
  ['photos schedule install', 'photos schedule install ~/DCIM'],
])

/** Has each command below this one, when it is mistyped, point at its own help. @param typed the words that this one is called by */
export function pointAtHelp(command: Command, typed: string): void {
  for (const below of command.commands) {
    const words = `${typed} ${below.name()}`
    below.showHelpAfterError(helpFor(words))
    pointAtHelp(below, words)
  }
}

/** @param typed all words of a command, such as `photos schedule install` */
export function helpFor(typed: string): string {
  const example = examples.get(typed)
  return `Type ${typed} --help for what there is${example === undefined ? '.' : `; for instance: ${example}`}`
}
