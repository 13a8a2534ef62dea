import { expect, test } from 'vitest'
import { asUserError } from '../../../cli/session/open-library.ts'

test.each([
  ['the system says', 'ENOSPC', 'write failed'],
  ['the index says', 'LEVEL_IO_ERROR', 'IO error: /library/.photos/index/000003.log: No space left on device'],
])('a library on a full disk wants room, not another folder, where %s so', (_who, code, message) => {
  const error = Object.assign(new Error(message), { code })
  expect(asUserError(error, '/library', { host: '127.0.0.1', port: 0 })).toMatchObject({
    name: 'UserError',
    exitCode: 5,
    hint: 'make room on its disk, then run the command again',
  })
})
