import { spawn } from 'node:child_process'
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { vi } from 'vitest'
import { fetchSharpBinary } from '../../deploy/sharp-binary.js'
import { deploying } from '../../scripts/deploy/deploying.js'
import { removing } from '../../scripts/deploy/removing.js'
import { runScript } from '../../scripts/deploy/run-script.js'
import { schemaCache } from '../deploy/packaged-template.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { type Finished, follow } from '../whole-path/photos-process.ts'
import type { FakeAws } from './fake-aws/fake-aws.ts'

const project = join(import.meta.dirname, '..', '..')

type Environment = Readonly<Record<string, string | undefined>>

export interface Deployer {
  /** @param environment what is to be different in it, or absent */
  deploy(words: readonly string[], environment?: Environment): Promise<Finished>
  remove(words: readonly string[], environment?: Environment): Promise<Finished>
}

/**
 * A person with an access key of an account, and with a home of their own. What they type is run without a process, which takes a
 * second of the processor to load the clients of AWS; what Serverless Framework says is not heard.
 * @param config of `~/.aws/config`
 */
export async function deployerOf(aws: Pick<FakeAws, 'url'>, config = ''): Promise<Deployer> {
  const environment = await environmentOf(aws, config)
  return {
    deploy: (words, changed) => runHere(deploying, words, { ...environment, ...changed }),
    remove: (words, changed) => runHere(removing, words, { ...environment, ...changed }),
  }
}

/**
 * The same with processes, `node scripts/deploy.js WORDS…`, which is what `npm run deploy` comes to when everything is set up: for
 * what the SDK or Serverless Framework may say.
 * @param folder of the scripts
 */
export async function typingDeployerOf(aws: Pick<FakeAws, 'url'>, config = '', folder = project): Promise<Deployer> {
  const environment = await environmentOf(aws, config)
  const run = (script: string, words: readonly string[], changed: Environment = {}): Promise<Finished> => {
    const env = { ...environment, ...changed }
    return follow(spawn(process.execPath, [join(folder, 'scripts', script), ...words], { cwd: environment.HOME, env })).finished
  }
  return {
    deploy: (words, changed) => run('deploy.js', words, changed),
    remove: (words, changed) => run('deploy-remove.js', words, changed),
  }
}

async function environmentOf({ url }: Pick<FakeAws, 'url'>, config: string) {
  const home = await temporaryFolder()
  await mkdir(join(home, '.aws'))
  await writeFile(join(home, '.aws', 'config'), config)
  return {
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
    ...schemaCache,
  }
}

async function runHere(script: typeof deploying, words: readonly string[], environment: Environment): Promise<Finished> {
  const said = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      said[stream] += String(text)
      return true
    }),
  )
  // The script changes some of these for the SDK, and whoever runs the tests may have others of their own.
  const others = Object.keys(process.env).filter((name) => name.startsWith('AWS_'))
  const own: Environment = {
    ...Object.fromEntries([...others, 'AWS_PROFILE'].map((name) => [name, undefined])),
    // Said by the SDK once in a process.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...environment,
  }
  // Not stubbed: all stubs are taken back at once, also those of the test.
  const before = Object.fromEntries(Object.keys(own).map((name) => [name, process.env[name]]))
  setVariables(own)
  try {
    return { exitCode: await runScript(script, words), ...said }
  } finally {
    setVariables(before)
    for (const spy of spies) spy.mockRestore()
  }
}

function setVariables(variables: Environment): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
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
