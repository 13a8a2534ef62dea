import { errorCode } from '../error-code.ts'
import { typedCommand, UserError } from '../errors.ts'
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

/**
 * What can be done where a connection with TLS does not come about: a certificate that this machine does not trust, or a
 * server that does not speak TLS; undefined where an error is none of that.
 */
export function findTlsFailure(error: unknown, url: string, environment = process.env): UserError | undefined {
  const code = errorCode(error) ?? ''
  const { host } = new URL(url)
  const reason = reasons[code]
  if (reason !== undefined) {
    const hint = hintOf(code, environment['NODE_EXTRA_CA_CERTS'])
    return failed(`the certificate of ${host} is not trusted: ${reason}`, hint, error)
  }
  if (code !== 'EPROTO' && !code.startsWith('ERR_SSL_')) return undefined
  const words = wordsOf(error)
  if (!notTls.test(words))
    return failed(`no https connection with ${host} comes about: ${words}`, 'check its address and its port', error)
  // Without a command: nobody here knows for which profile it would be.
  const hint = `check the address and its port; on a network that you trust, without https: http://${host} and --insecure-http`
  return failed(`${host} does not speak https`, hint, error)
}

function failed(message: string, hint: string, cause: unknown): UserError {
  return new UserError(message, { exitCode: exitCodes.remoteUnreachable, hint, cause })
}

/** What OpenSSL says of an answer that is not TLS, such as one in plain HTTP. */
const notTls = /wrong version number|packet length too long|http request|record layer failure|unknown protocol/

/** Of `write EPROTO 40E7…:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:…` the words at the end. */
function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  return /SSL routines:[^:]*:([^:]+)/.exec(message)?.[1] ?? errorCode(error) ?? ''
}

/** @param extra the file of further authorities that Node.js has read */
function hintOf(code: string, extra: string | undefined): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'use the name or the address that the certificate is for'
  if (code.startsWith('CERT_')) return 'check the clock of this machine, or renew the certificate'
  if (extra) return `NODE_EXTRA_CA_CERTS names ${extra}, which does not hold the certificate of this server, or cannot be read`
  return `if it is your own, name its file: NODE_EXTRA_CA_CERTS=FILE ${typedCommand}`
}
