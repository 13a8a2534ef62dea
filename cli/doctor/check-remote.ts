import { apiVersion, type RemoteConfiguration } from '../../contract/remote-configuration.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { remoteIsOlder } from '../remote/remote-errors.ts'
import type { Checked } from './finding.ts'
import type { Patient, PatientSession } from './patient.ts'

/** Whether the remote's description can be had and trusted, and is of this release's API. */
export async function checkConfiguration(patient: Patient): Promise<Checked<RemoteConfiguration>> {
  const configuration = await patient.describe()
  const region = patient.isLibrary ? '' : `, region ${configuration.region}`
  const message = `${patient.name} describes itself, API version ${configuration.apiVersion}${region}`
  if (configuration.apiVersion >= apiVersion) return { message, value: configuration }
  return {
    message,
    value: configuration,
    fault: remoteIsOlder(`it speaks API version ${configuration.apiVersion}, this photos ${apiVersion}`),
  }
}

/**
 * Whether there is a session that can be refreshed, by doing so: an access token outlives the session that it came from. Tokens
 * that could not be refreshed just now, but are good, still do for the checks that come later.
 */
export async function checkSignIn(
  patient: Patient,
  configuration: RemoteConfiguration,
  signal: AbortSignal,
): Promise<Checked<PatientSession>> {
  const opened = await patient.openSession(configuration)
  const token = await opened.session.accessToken({ signal })
  try {
    await opened.session.accessToken({ refused: token, signal })
  } catch (error) {
    if (!(error instanceof UserError) || error.exitCode === exitCodes.notSignedIn) throw error
    return { message: '', value: opened, fault: error }
  }
  // A library's own user signs in to nothing.
  const message = opened.deviceName === undefined ? opened.who : `${opened.who}; the session can be refreshed`
  return { message, value: opened }
}
