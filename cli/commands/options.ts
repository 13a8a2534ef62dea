import { InvalidArgumentError, Option } from 'commander'

/** Flags that several commands share. Each has a variable; a flag wins over its variable. */
export function libraryOption(): Option {
  return new Option('--library <dir>', 'folder of the library to use').env('PHOTOS_LIBRARY')
}

export function transfersOption(): Option {
  return new Option('--transfers <n>', 'files moved at once').env('PHOTOS_TRANSFERS').argParser(parsePositive).default(4)
}

export function dryRunOption(): Option {
  return new Option('-n, --dry-run', 'say what would be done, and do nothing').env('PHOTOS_DRY_RUN')
}

export function jsonOption(): Option {
  return new Option('--json', 'write JSON lines to standard output, and nothing else').env('PHOTOS_JSON')
}

export function quietOption(): Option {
  return new Option('-q, --quiet', 'say nothing but what failed').env('PHOTOS_QUIET')
}

export function verboseOption(): Option {
  return new Option('-v, --verbose', 'name every file, and say more').env('PHOTOS_VERBOSE')
}

export function sinceOption(): Option {
  return new Option('--since <time>', 'taken at or after: 2021, 2021-06, 2021-06-15 or 30d').env('PHOTOS_SINCE')
}

export function untilOption(): Option {
  return new Option('--until <time>', 'taken at or before, all of that day, month or year').env('PHOTOS_UNTIL')
}

function parsePositive(text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1 || number > 64) throw new InvalidArgumentError('give a whole number from 1 to 64.')
  return number
}
