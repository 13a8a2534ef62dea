import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** @typedef {import('./backend.js').Backend} Backend */

/** Files moved at once, by either; both have it as their default. */
export const transfers = '4'

const cli = fileURLToPath(new URL('../bin/photos.js', import.meta.url))

/** @param {readonly string[]} words @param {Backend} backend */
export function photosCommand(words, backend) {
  return [process.execPath, cli, ...words, '--library', backend.library]
}

/** What `photos` remembers goes with the library. @param {Backend} backend */
export function photosEnvironment(backend) {
  return { ...process.env, XDG_STATE_HOME: join(backend.library, '..', 'state') }
}

/** The version of rclone, if there is one. */
export function findRclone() {
  try {
    return /^rclone (\S+)/.exec(execFileSync('rclone', ['version'], { encoding: 'utf8', stdio: 'pipe' }))?.[1]
  } catch {
    return undefined
  }
}

/** Its checksums, retries and checks are left as they come. @param {string} from @param {string} to */
export function rcloneCommand(from, to) {
  return ['rclone', 'copy', from, to, '--transfers', transfers]
}

/** The bucket that only rclone uses, as it names it. @param {string} folder */
export function rcloneRemote(folder) {
  return `:s3:bench/${folder}`
}

/** Where the bucket is, as rclone takes it from its environment: a key has no place in a command line. @param {Backend} backend */
export function rcloneEnvironment({ url, credentials }) {
  // What is set for the real AWS, such as AWS_CA_BUNDLE, would end rclone or lead it elsewhere.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(AWS|RCLONE)_/.test(name))
  return {
    ...Object.fromEntries(inherited),
    RCLONE_CONFIG: '',
    RCLONE_S3_PROVIDER: 'Other',
    RCLONE_S3_ENDPOINT: url,
    RCLONE_S3_REGION: 'us-east-1',
    RCLONE_S3_FORCE_PATH_STYLE: 'true',
    // The bucket is there; asking for it is none of the cost that is compared.
    RCLONE_S3_NO_CHECK_BUCKET: 'true',
    RCLONE_S3_ACCESS_KEY_ID: credentials.accessKeyId,
    RCLONE_S3_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  }
}
