import type { Photo } from '../../contract/photos.ts'
import { TransferError } from '../errors.ts'
import type { Tell } from '../event-stream.ts'
import type { Remote } from '../remote/remote.ts'
import { askForThaw, findArchiveState, longestThawHours, type ThawAnswer, type ThawRequest } from '../remote/thaw.ts'
import type { Transport } from '../remote/transport.ts'
import type { Thaw } from '../run-event.ts'

export interface ThawOptions {
  readonly remote: Pick<Remote, 'signThaw'>
  readonly transport: Transport
  readonly request: ThawRequest
  readonly tell: Tell
}

/** How the thaw of an original stands. `isFirst`: this run has not said so before, of other places of the same photo. */
export interface OriginalThaw {
  readonly thaw: Thaw
  readonly isFirst: boolean
}

/** Undefined where the original can be read by now. Throws a `TransferError`. */
export type ThawOriginal = (
  original: { readonly photo: Photo; readonly originalKey: string },
  signal: AbortSignal,
) => Promise<OriginalThaw | undefined>

/**
 * What a run does with originals that the storage does not give: it has them thawed. Whether one thaws already the storage
 * itself knows: nothing of it is kept on this machine, and what thaws is not asked for again. The user hears of it before the
 * first one is asked for, since it costs something.
 */
export function createThawing(options: ThawOptions): ThawOriginal {
  const { transport, request, tell } = options
  let told: Promise<void> | undefined
  // Forgotten with the photo: a photo of more than a hundred places comes in several groups, one after the other.
  const thaws = new WeakMap<Photo, Promise<Thaw | undefined>>()
  const onAsking = () => (told ??= tell([{ kind: 'note', message: announcement(request) }]))
  const seeTo = async (originalKey: string, signal: AbortSignal): Promise<Thaw | undefined> => {
    const answer = await seeToThaw(originalKey, onAsking, options, signal)
    if (answer === 'readable') return undefined
    return answer === 'asked' ? thawAskedFor(request, transport) : thawAskedForBefore(transport)
  }
  return async ({ photo, originalKey }, signal) => {
    const known = thaws.get(photo)
    const asked = known ?? seeTo(originalKey, signal)
    thaws.set(photo, asked)
    const thaw = await asked
    return thaw && { thaw, isFirst: known === undefined }
  }
}

async function seeToThaw(
  originalKey: string,
  onAsking: () => Promise<void>,
  { remote, transport, request }: ThawOptions,
  signal: AbortSignal,
): Promise<ThawAnswer> {
  const state = await findArchiveState(remote.signThaw(originalKey, { kind: 'look' }, { signal }), { transport, signal })
  // Where a look is not answered, asking is: with what is wrong, or that it thaws already.
  if (state === 'thawing' || state === 'readable') return state
  await onAsking()
  try {
    return await askForThaw(remote.signThaw(originalKey, { kind: 'ask', ...request }, { signal }), { transport, signal })
  } catch (error) {
    if (!(error instanceof TransferError && error.kind === 'denied')) throw error
    throw new TransferError('it lies in the archive, and the remote does not let its owner ask for the thaw', { cause: error })
  }
}

function announcement({ tier, days }: ThawRequest): string {
  const stay = days === 1 ? '1 day' : `${days} days`
  return `originals lie in the archive: their ${tier} thaw is asked for, which takes up to ${longestThawHours[tier]} hours, costs a little, and lasts ${stay}`
}

const hourMs = 60 * 60 * 1000

function thawAskedFor({ tier }: ThawRequest, { clock }: Transport): Thaw {
  return { isNew: true, readyBy: new Date(clock.now() + longestThawHours[tier] * hourMs) }
}

/** The storage says neither when nor by which tier: at the latest it is there when the slowest one that began now would be. */
export function thawAskedForBefore({ clock }: Transport): Thaw {
  return { isNew: false, readyBy: new Date(clock.now() + longestThawHours.bulk * hourMs) }
}
