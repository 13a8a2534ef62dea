import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface CertificateInTest {
  readonly cert: string
  readonly key: string
  readonly certPath: string
  readonly keyPath: string
}

/** Node makes no certificates. Without `openssl` there is none to test with, which is said. */
export const canMakeCertificates = hasOpenSsl()

function hasOpenSsl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    process.stderr.write('openssl is not installed: the tests of TLS are skipped\n')
    return false
  }
}

/**
 * A certificate that vouches for itself.
 * @param names such as `DNS:photos.test,IP:127.0.0.1`
 */
export function makeCertificate(folder: string, names: string, name = 'server'): CertificateInTest {
  const [certPath, keyPath] = [join(folder, `${name}-cert.pem`), join(folder, `${name}-key.pem`)]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650']
  const about = ['-subj', '/CN=photos in test', '-addext', `subjectAltName=${names}`]
  execFileSync('openssl', ['req', '-x509', ...kind, ...about, '-keyout', keyPath, '-out', certPath], { stdio: 'ignore' })
  return { cert: readFileSync(certPath, 'utf8'), key: readFileSync(keyPath, 'utf8'), certPath, keyPath }
}
