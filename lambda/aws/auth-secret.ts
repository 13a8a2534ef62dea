import * as z from 'zod'

/** 32 random bytes in base64: `openssl rand -base64 32`. */
const secretSchema = z
  .base64()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((secret) => secret.length >= 32, 'the secret is shorter than 32 bytes')

/** The secret of the auth functions, from an SSM SecureString. Throws where it is missing, no base64, or too short. */
export async function readAuthSecret(region: string, parameterName: string): Promise<Uint8Array> {
  // Loaded here, because the embedded backend and the refresh trigger never need it.
  const { GetParameterCommand, SSMClient } = await import('@aws-sdk/client-ssm')
  const client = new SSMClient({ region })
  try {
    const { Parameter } = await client.send(new GetParameterCommand({ Name: parameterName, WithDecryption: true }))
    return secretSchema.parse(Parameter?.Value)
  } finally {
    client.destroy()
  }
}
