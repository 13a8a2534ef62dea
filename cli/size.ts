import { UserError } from './errors.ts'
import { exitCodes } from './exit-codes.ts'

const units = 'BKMGTPE'

/**
 * How many bytes a size stands for, in rclone's grammar: `100` and `100K` are KiB, `100B` are bytes, `M`, `G`, `T`, `P` and `E`
 * go on in steps of 1024, in either case, also written `MiB`; `1.5G` is one and a half. Throws a `UserError` with exit code 2
 * for anything else. Source: https://rclone.org/docs/#size-options
 */
export function parseSize(text: string): number {
  const [, number, unit = 'K'] = /^(\d+(?:\.\d*)?|\.\d+)(?:([BKMGTPE])(?:(?<!B)i?B?)?)?$/i.exec(text.trim()) ?? []
  const sizeBytes = Number(number) * 1024 ** units.indexOf(unit.toUpperCase())
  if (number === undefined || !Number.isSafeInteger(Math.round(sizeBytes))) {
    throw new UserError(`'${text}' is not a size`, {
      exitCode: exitCodes.usage,
      hint: 'write 500K, 10M or 1.5G; a number alone counts KiB, and 100B are bytes',
    })
  }
  return Math.round(sizeBytes)
}
