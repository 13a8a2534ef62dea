import { randomBytes } from 'node:crypto'
import { DeleteParameterCommand, GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { whileDoing } from './aws-failures.js'

/**
 * Makes the secret of the auth function (32 random bytes in base64) where there is none. Its value is in no template, no variable
 * and no message: it goes from here into the parameter store, which encrypts it, and only the function reads it.
 * @param {import('./aws-account.js').Account} account
 * @param {string} name
 * @returns {Promise<'made' | 'kept'>}
 */
export async function ensureAuthSecret({ client }, name) {
  const ssm = new SSMClient(client)
  try {
    // Without decryption, what comes back is nothing that anybody could use.
    await ssm.send(new GetParameterCommand({ Name: name, WithDecryption: false }))
    return 'kept'
  } catch (error) {
    if (isNamed(error, 'ParameterNotFound')) return await makeSecret(ssm, name)
    return whileDoing('read the parameter store (SSM)', () => Promise.reject(error))
  } finally {
    ssm.destroy()
  }
}

/** @param {SSMClient} ssm @param {string} name @returns {Promise<'made' | 'kept'>} */
async function makeSecret(ssm, name) {
  const Value = randomBytes(32).toString('base64')
  const Description = 'Secret of the sign-in function of photos; made when it was deployed'
  try {
    await whileDoing('write to the parameter store (SSM)', () =>
      ssm.send(new PutParameterCommand({ Name: name, Value, Description, Type: 'SecureString', Overwrite: false })),
    )
    return 'made'
  } catch (error) {
    if (isNamed(error, 'ParameterAlreadyExists')) return 'kept' // two deployments at once: the first one's counts
    throw error
  }
}

/** @param {import('./aws-account.js').Account} account @param {string} name */
export async function removeAuthSecret({ client }, name) {
  const ssm = new SSMClient(client)
  try {
    await ssm.send(new DeleteParameterCommand({ Name: name }))
  } catch (error) {
    if (!isNamed(error, 'ParameterNotFound')) throw error
  } finally {
    ssm.destroy()
  }
}

/** @param {unknown} error @param {string} name */
function isNamed(error, name) {
  return error instanceof Error && error.name === name
}
