import { type Command, Option } from 'commander'
import { parseDuration } from '../duration.ts'
import { asTyped } from './as-typed.ts'

/** How a run treats what this machine remembers, as typed. */
export interface StateFlags {
  /** In milliseconds. */
  readonly retryLock?: number
  readonly allowEmpty?: true
}

/** The flags about what this machine remembers, and who is at work with it. */
export function addStateOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--retry-lock <duration>', 'wait so long for another run to end: 90s, 10m or 1h (default: not at all)')
        .env('PHOTOS_RETRY_LOCK')
        .argParser(asTyped(parseDuration)),
    )
    .addOption(
      new Option('--allow-empty', 'believe that a folder which had files before is empty, or on another disk, now').env(
        'PHOTOS_ALLOW_EMPTY',
      ),
    )
}
