import { spawn } from 'node:child_process'
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fetchSharpBinary } from '../../deploy/sharp-binary.js'
import { temporaryFolder } from '../temporary-folder.ts'
import { type Finished, follow } from '../whole-path/photos-process.ts'
import type { FakeAws } from './fake-aws/fake-aws.ts'

const project = join(import.meta.dirname, '..', '..')

export interface Deployer {
  /** `node scripts/deploy.js WORDS…`, which is what `npm run deploy` comes to when everything is set up. */
  deploy(words: readonly string[], environment?: Readonly<Record<string, string | undefined>>): Promise<Finished>
  remove(words: readonly string[], environment?: Readonly<Record<string, string | undefined>>): Promise<Finished>
}

/** A person with an access key of an account, and with a home of their own. @param config of `~/.aws/config` @param folder of the scripts */
export async function deployerOf({ url }: Pick<FakeAws, 'url'>, config = '', folder = project): Promise<Deployer> {
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
    return follow(spawn(process.execPath, [join(folder, 'scripts', script), ...words], { cwd: home, env: environment })).finished
  }
  return {
    deploy: (words, environment) => run('deploy.js', words, environment),
    remove: (words, environment) => run('deploy-remove.js', words, environment),
  }
}

/** As much of the project as is deployed, in a folder of its own: serverless puts what it makes beside its file, where another test may be packaging. */
export async function projectCopy(): Promise<string> {
  const folder = await temporaryFolder()
  const parts = ['contract', 'deploy', 'lambda', 'scripts', 'package.json', 'package-lock.json', 'serverless.yml']
  await Promise.all(parts.map((part) => cp(join(project, part), join(folder, part), { recursive: true })))
  // Here and not by the deployment itself, which has no registry: other tests may not have needed it yet.
  await fetchSharpBinary()
  await symlink(join(project, 'node_modules'), join(folder, 'node_modules'))
  return folder
}
