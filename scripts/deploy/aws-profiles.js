import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { DeployFailure } from './deploy-failure.js'

/**
 * Throws a `DeployFailure` where the AWS CLI's files know no such profile: the SDK would look elsewhere, and then for a region.
 * @param {string} name
 */
export async function requireProfile(name) {
  const known = await findProfiles()
  if (known.includes(name)) return
  throw new DeployFailure(`there is no profile ${name} in ~/.aws/config or ~/.aws/credentials`, ({ again, aws, line }) => {
    const [first] = known
    if (first === undefined) return `${aws('configure', name)}  makes it. docs/deploy.md begins before that.`
    // One that is named in the environment is no flag of the line yet.
    const other = again({ ...line, profile: first })
    return `There ${known.length === 1 ? 'is only' : 'are'} ${known.join(', ')}. For instance: ${other}`
  })
}

/** Source: "Configuration and credential file settings in the AWS CLI", whose sections of other kinds are left out. */
async function findProfiles() {
  const files = [
    process.env['AWS_CONFIG_FILE'] || join(homedir(), '.aws', 'config'),
    process.env['AWS_SHARED_CREDENTIALS_FILE'] || join(homedir(), '.aws', 'credentials'),
  ]
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))
  const sections = texts.flatMap((text) => [...text.matchAll(/^\s*\[\s*(?:profile\s+)?["']?([^\]]+?)["']?\s*\]/gm)])
  const names = sections.map(([, name = '']) => name).filter((name) => !/^(sso-session|services)\s/.test(name))
  return [...new Set(names)]
}
