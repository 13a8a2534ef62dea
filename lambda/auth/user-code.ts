import { randomInt } from 'node:crypto'
import { userCodeAlphabet, userCodeLength } from '../../contract/device-grant.ts'

/** Eight letters, each as likely as the others: 34.5 bits (RFC 8628, section 5.1). */
export function createUserCode(): string {
  return Array.from({ length: userCodeLength }, () => userCodeAlphabet[randomInt(userCodeAlphabet.length)]).join('')
}
