import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../temporary-folder.ts'
import { type Finished, follow } from '../whole-path/photos-process.ts'
import type { FakeAws } from './fake-aws/fake-aws.ts'

const root = join(import.meta.dirname, '..', '..')

export interface Deployer {
  /** `node scripts/deploy.js WORDS…`, which is what `npm run deploy` comes to when everything is set up. */
  deploy(words: readonly string[], environment?: Readonly<Record<string, string | undefined>>): Promise<Finished>
  remove(words: readonly string[], environment?: Readonly<Record<string, string | undefined>>): Promise<Finished>
}

/** A person with an access key of an account, and with a home of their own. @param config of `~/.aws/config` */
export async function deployerOf({ url }: Pick<FakeAws, 'url'>, config = ''): Promise<Deployer> {
  const home = await temporaryFolder()
  await mkdir(join(home, '.aws'))
  await writeFile(join(home, '.aws', 'config'), config)
  const run = (
    script: string,
    words: readonly string[],
    changed: Readonly<Record<string, string | undefined>> = {},
  ): Promise<Finished> => {
    const environment = {
      PATH: process.env['PATH'],
      HOME: home,
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'the secret access key of the test',
      AWS_REGION: 'eu-central-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      // Nothing changes in this account while somebody waits.
      SLS_AWS_MONITORING_FREQUENCY: '10',
      ...changed,
    }
    return follow(spawn(process.execPath, [join(root, 'scripts', script), ...words], { cwd: home, env: environment })).finished
  }
  return {
    deploy: (words, environment) => run('deploy.js', words, environment),
    remove: (words, environment) => run('deploy-remove.js', words, environment),
  }
}
