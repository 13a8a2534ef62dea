import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { photosUser } from './photos-process.ts'
import { writeTree } from './tree.ts'

test('what a machine has set for other uses of AWS does not matter to a library', async () => {
  const user = await photosUser()
  const folder = join(user.folder, 'camera')
  await writeTree(folder, { 'MVI_1.MP4': 'a clip' })
  await writeFile(join(user.folder, 'aws-config'), '[default]\nregion = nowhere-1\nuse_fips_endpoint = perhaps\n')
  const environment = {
    AWS_CONFIG_FILE: join(user.folder, 'aws-config'),
    AWS_PROFILE: 'nobody',
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'somebody',
    AWS_SECRET_ACCESS_KEY: 'else',
    AWS_SESSION_TOKEN: 'entirely',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    AWS_USE_FIPS_ENDPOINT: 'true',
    AWS_USE_DUALSTACK_ENDPOINT: 'true',
    AWS_MAX_ATTEMPTS: 'many',
    AWS_RETRY_MODE: 'odd',
    AWS_DEFAULTS_MODE: 'odd',
    AWS_ACCOUNT_ID_ENDPOINT_MODE: 'odd',
    AWS_REQUEST_CHECKSUM_CALCULATION: 'odd',
    AWS_S3_USE_ARN_REGION: 'odd',
    AWS_AUTH_SCHEME_PREFERENCE: 'odd',
  }
  const library = ['--library', user.library]
  expect(await user.start(['sync', folder, ...library], { environment }).finished).toMatchObject({ exitCode: 0 })
  const pulled = user.start(['pull', '--to', join(user.folder, 'back'), ...library], { environment })
  expect(await pulled.finished).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^pulled 1 /) })
})
