import type { CallOptions, ListRange, Remote } from '../remote/remote.ts'
import type { RunEvent } from '../run-event.ts'
import { isSidecar, openBeside } from './beside.ts'
import { type PhotoGroup, photoGroups } from './photo-groups.ts'
import { findSeenLast, type MarkSucceeded } from './seen-last.ts'
import { type Standing, standings } from './standing.ts'
import { bytePathOfLocation, targetsOf } from './targets.ts'

export interface PassesOptions extends CallOptions {
  readonly remote: Pick<Remote, 'listPhotos'>
  readonly range: ListRange
  /** Whether old versions of edited photos come, too. */
  readonly versions: boolean
}

export interface Passes extends Iterable<AsyncIterable<PhotoGroup>> {
  /** What the user should know of what was left out, after the last pass. */
  notes(): readonly RunEvent[]
}

/**
 * What is to be pulled, in several passes, each to be brought to its end before the next: what lies somewhere now comes before
 * what was deleted, so that it has the first claim to a name; and the sidecars beside the photos of a range, which have no
 * capture time, come after these. Before them the list is read for what was edited unnoticed, once. A pass that would be empty
 * asks for nothing. Memory does not grow with the number of photos.
 */
export function passesOf(options: PassesOptions): Passes {
  const { remote, range, versions } = options
  const beside = openBeside()
  const left = { oldVersions: 0, undated: 0 }
  const isBounded = range.from !== undefined || range.before !== undefined
  const groupsOf = (range: ListRange): AsyncIterable<PhotoGroup> =>
    photoGroups(remote.listPhotos(range, { signal: options.signal }))
  let marking: Promise<MarkSucceeded> | undefined

  /** Everything that a photo of the range may share a place with, as one that was edited since may have lost its capture time. */
  async function* sharingPlaces(): AsyncGenerator<PhotoGroup> {
    yield* groupsOf(range)
    if (isBounded) yield* groupsOf({ undated: true })
  }

  async function* listed(range: ListRange): AsyncGenerator<Standing> {
    marking ??= findSeenLast(sharingPlaces)
    yield* standings(mapEach(groupsOf(range), await marking))
  }

  async function* inRange(isWanted: IsWanted, onOther: (standing: Standing) => void): AsyncGenerator<PhotoGroup> {
    for await (const standing of listed(range)) {
      if (!isWanted(standing)) {
        onOther(standing)
        continue
      }
      if (isBounded) for (const { path } of targetsOf(standing.group).targets) beside.add(path)
      yield standing.group
    }
  }

  async function* sidecars(isWanted: IsWanted, onOther: (standing: Standing) => void): AsyncGenerator<PhotoGroup> {
    for await (const standing of listed({ undated: true })) {
      const { group } = standing
      const locations = isSidecar(group.photo)
        ? group.locations.filter((location) => beside.has(bytePathOfLocation(location)))
        : []
      if (!isWanted(standing)) onOther(standing)
      else if (locations.length > 0) yield { ...group, locations }
      else if (!group.isContinued) left.undated += 1
    }
  }

  /** Those that are somewhere first; the others, where there are any, when these are in their places. */
  function* inTurn(select: typeof inRange, onOldVersion: () => void): Generator<AsyncIterable<PhotoGroup>> {
    let others = 0
    yield select(isPresent, ({ kind }) => {
      if (kind === 'old-version' && !versions) onOldVersion()
      else others += 1
    })
    const isOther = ({ kind }: Standing): boolean => kind === 'gone' || (kind === 'old-version' && versions)
    if (others > 0) yield select(isOther, () => {})
  }

  return {
    *[Symbol.iterator]() {
      yield* inTurn(inRange, () => {
        left.oldVersions += 1
      })
      if (isBounded) yield* inTurn(sidecars, () => {})
    },
    notes: () => notesOn(left).map((message) => ({ kind: 'note', message })),
  }
}

async function* mapEach<T>(items: AsyncIterable<T>, change: (item: T) => T): AsyncGenerator<T> {
  for await (const item of items) yield change(item)
}

type IsWanted = (standing: Standing) => boolean

function isPresent({ kind }: Standing): boolean {
  return kind === 'present'
}

function notesOn({ oldVersions, undated }: { readonly oldVersions: number; readonly undated: number }): readonly string[] {
  return [
    ...(oldVersions === 0 ? [] : [`${describeOldVersions(oldVersions)} left out; --versions brings them, too`]),
    ...(undated === 0 ? [] : [`${describeUndated(undated)} left out; without --since and --until all are pulled`]),
  ]
}

function describeOldVersions(count: number): string {
  return count === 1 ? '1 original that was edited since is' : `${count} originals that were edited since are`
}

function describeUndated(count: number): string {
  return count === 1 ? '1 photo has no capture time and is' : `${count} photos have no capture time and are`
}
