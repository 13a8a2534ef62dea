import { errorCode } from '../error-code.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'

/** Codes of OpenSSL's verification, as Node.js passes them on, and of its own check of the name. */
const reasons: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'it comes from an authority that this machine does not know',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'it comes from an authority that this machine does not know',
  UNABLE_TO_GET_ISSUER_CERT: 'it comes from an authority that this machine does not know',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'it comes from an authority that this machine does not know',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another name',
}

/** What can be done about a certificate that this machine does not trust; undefined where an error is none of that. */
export function findCertificateFailure(error: unknown, url: string): UserError | undefined {
  const code = errorCode(error) ?? ''
  const reason = reasons[code]
  if (reason === undefined) return undefined
  return new UserError(`the certificate of ${new URL(url).host} is not trusted: ${reason}`, {
    exitCode: exitCodes.remoteUnreachable,
    hint: hintOf(code),
    cause: error,
  })
}

function hintOf(code: string): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'use the name or the address that the certificate is for'
  if (code.startsWith('CERT_')) return 'check the clock of this machine, or renew the certificate'
  return 'if it is your own, name its file: NODE_EXTRA_CA_CERTS=FILE photos …'
}
