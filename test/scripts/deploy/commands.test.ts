import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { explainAwsFailure } from '../../../scripts/deploy/aws-failures.js'
import { parseDeploy, parseRemove } from '../../../scripts/deploy/command-line.js'
import { commandsOf, quoted } from '../../../scripts/deploy/commands.js'
import { confirm } from '../../../scripts/deploy/confirm.js'
import { DeployFailure, nextOf } from '../../../scripts/deploy/deploy-failure.js'
import { explainDeployment } from '../../../scripts/deploy/explain-deployment.js'
import { requireDeployable } from '../../../scripts/deploy/stack.js'

const where = ['--stage', 'trial', '--region', 'eu-west-1', '--profile', 'my home']
const deploying = parseDeploy([...where, '--param', 'storageClass=GLACIER_IR', '--user', 'anna@example.com', '--yes'])
const removing = parseRemove([...where, '--yes'])
const flags = "--stage trial --region eu-west-1 --profile 'my home'"
const plain = (text: string): string => text.replaceAll('\u00a0', ' ')

test('a command repeats what was typed, with what is changed, and asks before it does anything', () => {
  const { again, aws, help } = commandsOf(deploying)
  const typed = `${flags} --param storageClass=GLACIER_IR`
  expect(plain(again())).toBe(`npm run deploy -- ${typed} --user anna@example.com`)
  expect(plain(again({ user: 'ben@example.com' }))).toBe(`npm run deploy -- ${typed} --user ben@example.com`)
  expect(plain(again({ parameters: { budgetUsd: '9' } }))).toContain(`${typed} --param budgetUsd=9 --user`)
  expect(plain(again({ yes: true }))).toMatch(/ --yes$/)
  expect(plain(again({ script: 'deploy:remove' }))).toBe(`npm run deploy:remove -- ${flags}`)
  expect(plain(aws('sso login'))).toBe("aws sso login --profile 'my home'")
  expect(plain(help())).toBe('npm run deploy -- --help')
  expect(plain(commandsOf(removing).again({ yes: true }))).toBe(`npm run deploy:remove -- ${flags} --yes`)
  expect(commandsOf(parseDeploy([])).again()).toBe('npm\u00a0run\u00a0deploy')
})

test("what a shell would take for more than one word is quoted, the quote's own sign too", () => {
  expect(quoted('a=b,c@d.e/f:1')).toBe('a=b,c@d.e/f:1')
  expect(quoted("it's $HOME")).toBe(`'it'\\''s $HOME'`)
})

const stackIn = (status: string) => ({
  name: 'photos-trial',
  status,
  reason: '',
  changedAt: undefined,
  outputs: {},
  tags: {},
  parameters: {},
})
const named = (name: string): Error => Object.assign(new Error('no'), { name })
const whole = new DeployFailure('failed', '')

async function thrownBy(act: () => unknown): Promise<unknown> {
  try {
    await act()
  } catch (error) {
    return error
  }
  return undefined
}

const failures: readonly [string, () => unknown][] = [
  ...[
    'SSOTokenProviderFailure',
    'CredentialsProviderError',
    'ExpiredToken',
    'InvalidClientTokenId',
    'SignatureDoesNotMatch',
    'AccessDenied',
  ].map((name): [string, () => unknown] => [name, () => explainAwsFailure(named(name), { doing: 'try' })]),
  ...['ROLLBACK_COMPLETE', 'UPDATE_ROLLBACK_FAILED'].map((status): [string, () => unknown] => [
    status,
    () => thrownBy(() => requireDeployable(stackIn(status), { continueRollback: false })),
  ]),
  ...['ROLLBACK_COMPLETE', 'UPDATE_ROLLBACK_FAILED', 'UPDATE_COMPLETE'].map((status): [string, () => unknown] => [
    `a failure that leaves ${status}`,
    () => explainDeployment(['Domain already associated with another user pool'], whole, { status, hasTakenIn: false }),
  ]),
  ['no terminal', () => thrownBy(() => confirm('?', { yes: false }))],
]

test.each(failures)('%s: every command in it says which deployment it is for', async (_name, provoke) => {
  const failure = await provoke()
  expect(failure).toBeInstanceOf(DeployFailure)
  const next = failure instanceof DeployFailure ? plain(nextOf(failure.next, commandsOf(deploying))) : ''
  const commands = next.match(/npm run deploy\S*.*|\baws (login|sso|configure|sts).*/g) ?? []
  expect(commands).not.toEqual([])
  for (const command of commands) expect(command).toContain(command.startsWith('npm') ? flags : "--profile 'my home'")
})

test('no script spells a command of its own', async () => {
  const folder = join(import.meta.dirname, '..', '..', '..', 'scripts')
  const names = (await readdir(folder, { recursive: true })).filter((name) => /^deploy.*\.js$/.test(name))
  expect(names.length).toBeGreaterThan(15)
  for (const name of names) {
    const source = await readFile(join(folder, name), 'utf8')
    const withoutComments = source.replaceAll(/\/\*\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    expect({ name, spelled: withoutComments.match(/npm run deploy|['"`]aws (login|sso|configure|logs|sts)/g) }).toEqual({
      name,
      spelled: null,
    })
    expect({ name, long: source.split('\n').filter((line) => line.length > 160) }).toEqual({ name, long: [] })
  }
})
