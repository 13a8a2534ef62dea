import { expect, onTestFinished, test, vi } from 'vitest'
import { deployerOf } from './deployer.ts'

test('a person’s variables are theirs alone: whoever runs the test has its own again', async () => {
  onTestFinished(() => void vi.unstubAllEnvs())
  vi.stubEnv('AWS_PROFILE', 'of the test')
  vi.stubEnv('AWS_SESSION_TOKEN', undefined)
  vi.stubEnv('SLS_AWS_MONITORING_FREQUENCY', '1')
  const before = { ...process.env }
  const anna = await deployerOf({ url: 'http://127.0.0.1:9' })
  expect(await anna.deploy(['--help'], { AWS_SESSION_TOKEN: 'of anna' })).toMatchObject({ exitCode: 0, stderr: '' })
  expect(process.env).toEqual(before)
})
