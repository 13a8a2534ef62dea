// What the template takes from the code, so that neither can change without the other. Plain values for `${file(...)}`.
// CommonJS, because that is how the Serverless Framework loads it.
const path = require('node:path')
const esbuild = require('esbuild')
const { pairs, parameters } = require('./parameters.cjs')

const root = path.join(__dirname, '..')

/** What is read: modules that are plain data, and import little. */
const sources = `
  export * from './lambda/aws/deployment.ts'
  export * from './contract/object-keys.ts'
  export { httpRoutes } from './lambda/http-routes.ts'
  export { captureTimeIndexName, indexTableDefinition } from './lambda/aws/index-table.ts'
  export { authTableDefinition, deviceRecordsPrefix, expiryAttribute } from './lambda/aws/auth-table.ts'
  export { accessScope, loopbackRedirectUris } from './contract/remote-configuration.ts'
`

/** @returns {any} */
function readSources() {
  const { outputFiles } = esbuild.buildSync({
    stdin: { contents: sources, resolveDir: root, loader: 'ts' },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    write: false,
    logLevel: 'silent',
  })
  const loaded = { exports: {} }
  new Function('module', 'exports', 'require', outputFiles[0]?.text ?? '')(loaded, loaded.exports, require)
  return loaded.exports
}

const code = readSources()

/** What CloudFormation fills in within `Fn::Sub`. @param {string} name */
const filledIn = (name) => `\${${name}}`
const somewhere = { accountId: filledIn('AWS::AccountId'), region: filledIn('AWS::Region') }

/**
 * Everything that serverless.yml needs, for a stage and its parameters. Throws where one of them cannot be.
 * @param {{ resolveVariable: (name: string) => Promise<unknown> }} framework
 */
async function values({ resolveVariable }) {
  const stage = String(await resolveVariable("opt:stage, 'prod'"))
  if (!code.stagePattern.test(stage)) {
    throw refusal(
      `the stage ${stage} cannot be: at most 15 small letters, digits and hyphens, without aws, amazon or cognito in it`,
    )
  }
  const given = await readParameters(resolveVariable)
  return { ...fixed(), stage, names: code.deployedNames({ stage, ...somewhere }), ...derivedFrom(given) }
}

/** The framework prints the stack of whatever this throws; it is the sentence that a person needs. @param {string} message */
function refusal(message) {
  const error = new Error(message)
  error.stack = message
  return error
}

/** @param {(name: string) => Promise<unknown>} resolveVariable @returns {Promise<Record<string, string>>} */
async function readParameters(resolveVariable) {
  const given = await Promise.all(
    Object.entries(parameters).map(async ([name, parameter]) => {
      const value = String(await resolveVariable(`param:${name}`))
      if (value !== parameter.default && !parameter.pattern.test(value)) {
        throw refusal(`the parameter ${name} cannot be ${JSON.stringify(value)}: it is ${parameter.looksLike}`)
      }
      return [name, value]
    }),
  )
  const found = Object.fromEntries(given)
  for (const [one, other] of pairs) {
    if ((found[one] === '') !== (found[other] === '')) throw refusal(`the parameters ${one} and ${other} need each other`)
  }
  return found
}

/** @param {Record<string, string>} given */
function derivedFrom(given) {
  return {
    logRetentionDays: Number(given['logRetentionDays']),
    objectLockDays: Number(given['objectLockDays']),
    syncMissingDays: Number(given['syncMissingDays']),
    budgetUsd: Number(given['budgetUsd']),
    /** An output of the stack, from which the next deployment reads what was chosen. */
    parametersJson: JSON.stringify(given),
  }
}

function fixed() {
  const { TableName: _index, ...indexTable } = code.indexTableDefinition('')
  const { TableName: _auth, ...authTable } = code.authTableDefinition('')
  return {
    indexTable,
    authTable,
    captureTimeIndexName: code.captureTimeIndexName,
    expiryAttribute: code.expiryAttribute,
    deviceRecords: `${code.deviceRecordsPrefix}*`,
    prefixes: code.keyPrefixes,
    uploadExpiryDays: code.uploadExpiryDays,
    unfinishedUploadExpiryDays: code.unfinishedUploadExpiryDays,
    probeExpiryDays: code.probeExpiryDays,
    queue: {
      maximumReceives: code.maximumReceives,
      visibilityTimeoutSeconds: code.visibilityTimeoutSeconds,
      deadLetterRetentionSeconds: code.deadLetterRetentionDays * 24 * 60 * 60,
      concurrency: code.processingConcurrency,
    },
    limits: code.functionLimits,
    maximumOriginalBytes: code.maximumOriginalBytes,
    throttling: code.apiThrottling,
    alarms: code.alarmThresholds,
    scope: { name: code.accessScope.split('/')[1], resourceServer: code.accessScope.split('/')[0], full: code.accessScope },
    tokens: { minutes: code.tokenMinutes, refreshDays: code.refreshTokenDays, graceSeconds: code.refreshGraceSeconds },
    ...addresses,
    callbackUrls: callbackUrls(),
    routes: { api: eventsOf('api'), auth: eventsOf('auth') },
  }
}

const apiUrl = `https://${filledIn('HttpApi')}.execute-api.${filledIn('AWS::Region')}.${filledIn('AWS::URLSuffix')}`

/** Of what is made with the stack. */
const addresses = {
  apiUrl: { 'Fn::Sub': apiUrl },
  issuer: { 'Fn::Sub': `https://cognito-idp.${filledIn('AWS::Region')}.${filledIn('AWS::URLSuffix')}/${filledIn('UserPool')}` },
  /** The page at which people type their password. */
  signInUrl: { 'Fn::Sub': `https://${filledIn('SignInDomain')}.auth.${filledIn('AWS::Region')}.amazoncognito.com` },
}

/** Cognito compares them letter for letter. */
function callbackUrls() {
  const callback = code.httpRoutes.find((/** @type {any} */ route) => route.path.endsWith('/callback')).path
  return [
    { 'Fn::Sub': `${apiUrl}${callback}` },
    { 'Fn::If': ['HasDomain', { 'Fn::Sub': `https://${filledIn('ApiDomain')}${callback}` }, { Ref: 'AWS::NoValue' }] },
    ...code.loopbackRedirectUris,
  ]
}

/** The routes of a function; those of an owner ask for an access token with the product's own scope. @param {string} name */
function eventsOf(name) {
  const authorizer = { name: 'accessTokens', scopes: [code.accessScope] }
  return code.httpRoutes
    .filter((/** @type {any} */ route) => route.function === name)
    .map((/** @type {any} */ { method, path: address, access }) => {
      return { httpApi: { method, path: address, ...(access === 'owner' && { authorizer }) } }
    })
}

module.exports = { values, deployedNames: code.deployedNames, stagePattern: code.stagePattern }
