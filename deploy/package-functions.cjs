// A plugin of the Serverless Framework, named in serverless.yml: `serverless package` takes the functions' zips from here,
// where it would otherwise put all of this folder into each of them. CommonJS, because that is how plugins are loaded.
const path = require('node:path')

const megabyte = 1_000_000

/** @typedef {{ readonly notice: (line?: string) => void, readonly info: (line?: string) => void }} Log */

class PackageFunctions {
  /**
   * @param {any} serverless
   * @param {unknown} _options
   * @param {{ readonly log: Log }} utilities
   */
  constructor(serverless, _options, { log }) {
    const packageAll = () => packageFunctions(serverless, log)
    this.hooks = {
      'before:package:createDeploymentArtifacts': packageAll,
      'before:package:function:package': packageAll,
    }
  }
}

/** @param {any} serverless @param {Log} log */
async function packageFunctions({ service, serviceDir, classes }, log) {
  // ES modules, which Node 20 cannot `require`.
  const { buildFunctions } = await import('./build-functions.js')
  const { NotFetchedError } = await import('./sharp-binary.js')
  const functions = service.getAllFunctions().map((/** @type {string} */ name) => {
    return { name, handler: service.getFunction(name).handler }
  })
  const built = await buildFunctions(functions, path.join(serviceDir, '.serverless')).catch((error) => {
    // Said without a stack trace: it is for the user to mend.
    throw error instanceof NotFetchedError ? new classes.Error(error.message) : error
  })
  log.notice()
  for (const each of built) {
    // `serverless deploy` looks for one zip of all functions where a function does not say that it has its own.
    service.getFunction(each.name).package = { artifact: each.artifact, individually: true }
    report(each, log)
  }
}

/** @param {import('./build-functions.js').BuiltFunction} built @param {Log} log */
function report({ name, zippedBytes, unzippedBytes, startBytes, packages }, log) {
  const [zipped, unzipped, start] = [zippedBytes, unzippedBytes, startBytes].map(inMegabytes)
  log.notice(`  ${name.padEnd(16)} ${zipped} zipped, ${unzipped} unzipped, ${start} read at the start`)
  const largestFirst = Object.entries(packages).sort(([, one], [, other]) => other - one)
  for (const [package_, bytes] of largestFirst) log.info(`      ${inMegabytes(bytes)} ${package_}`)
}

/** @param {number} bytes */
function inMegabytes(bytes) {
  return `${(bytes / megabyte).toFixed(2).padStart(5)} MB`
}

module.exports = PackageFunctions
