import { describe, expect, test } from 'vitest'
import { requireOwnEndpoints } from '../../../cli/session/trusted-configuration.ts'
import type { RemoteConfiguration } from '../../../contract/remote-configuration.ts'
import { remoteConfigurationInTest } from '../remote-configuration-in-test.ts'

const asked = { url: 'https://photos.example.com/stage', insecureHttp: false, profileName: 'parents' }
const own = remoteConfigurationInTest('https://photos.example.com')

/** As deployed: Cognito and S3 are AWS's. */
function deployed(region: string, domain = 'amazonaws.com', changes: Partial<RemoteConfiguration['endpoints']> = {}) {
  const userPool = `https://cognito-idp.${region}.${domain}`
  const endpoints = {
    api: 'https://photos.example.com/stage',
    s3: `https://s3.${region}.${domain}`,
    signIn: `https://photos.auth.${region}.amazoncognito.com`,
    userPool,
    identityPool: `https://cognito-identity.${region}.${domain}`,
    ...changes,
  }
  return { ...own, region, issuer: `${userPool}/${region}_Example`, endpoints }
}

const untrusted = (words: string) =>
  expect.objectContaining({
    name: 'UserError',
    exitCode: 5,
    message: expect.stringMatching(`^photos.example.com is not a photos remote that can be trusted: .*${words}$`),
  })

describe('what a remote names for itself is its own, or AWS’s', () => {
  test.each([
    ['all at one address', own],
    ['deployed', deployed('eu-west-1')],
    ['deployed in China', deployed('cn-north-1', 'amazonaws.com.cn')],
    ['signing in at a domain of one’s own', deployed('eu-west-1', undefined, { signIn: 'https://auth.example.com' })],
  ])('%s', (_name, configuration) => requireOwnEndpoints(asked, configuration))

  test.each([
    ['http://photos.example.com'],
    ['https://photos.example.com:8420'],
    ['https://photos.example.org'],
    ['https://photos.example.com@photos.example.org/'],
  ])('%s is another address than the one that was typed, and is named', (api) => {
    const configuration = { ...own, endpoints: { ...own.endpoints, api } }
    const { origin } = new URL(api)
    expect(() => requireOwnEndpoints(asked, configuration)).toThrow(untrusted(`its address is ${origin}`))
    expect(() => requireOwnEndpoints(asked, configuration)).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(`use it: photos login ${origin} --profile parents$`) }),
    )
  })

  test.each(['userPool', 'identityPool', 's3'])('no %s of somebody else', (name) => {
    for (const elsewhere of [
      'https://photos.example.org',
      'https://photos.example.com:8420',
      'https://cognito-idp.us-east-1.amazonaws.com', // another region's
      'https://s3.eu-west-1.amazonaws.com/bucket',
      'https://s3.eu-west-1.amazonaws.com.example.org',
      'https://execute-api.eu-west-1.amazonaws.com',
      'http://s3.eu-west-1.amazonaws.com',
    ]) {
      const configuration = deployed('eu-west-1', undefined, { [name]: elsewhere })
      expect(() => requireOwnEndpoints(asked, configuration)).toThrow(untrusted(new URL(elsewhere).origin))
    }
  })

  test('no issuer that is not the user pool in AWS', () => {
    for (const issuer of ['https://issuer.example.org', 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example']) {
      const configuration = { ...deployed('eu-west-1'), issuer }
      expect(() => requireOwnEndpoints(asked, configuration)).toThrow(untrusted(new URL(issuer).origin))
    }
  })

  test('no sign-in that can be read on its way to another host', () => {
    const configuration = { ...own, endpoints: { ...own.endpoints, signIn: 'http://192.0.2.1' } }
    expect(() => requireOwnEndpoints(asked, configuration)).toThrow(untrusted('http://192.0.2.1'))
  })
})
