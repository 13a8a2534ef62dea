import type { OpenedLibrary } from './open-library.ts'

/**
 * A library that was found open in another process, which may end before this run does: `reopen` then finds it where it is
 * open by now, or opens it here. One that is gone from its folder, as when a disk was unmounted, or is another one by now, is not
 * reopened.
 */
export function reopenWhenLeft(served: OpenedLibrary, open: () => Promise<OpenedLibrary | undefined>): OpenedLibrary {
  let reopened: OpenedLibrary | undefined
  let opening: Promise<string | undefined> | undefined
  let isClosed = false

  async function openAnew(): Promise<string | undefined> {
    // What found nobody before it was opened here may tell so only now.
    if (reopened !== undefined && reopened.whenUnreachable === undefined) return reopened.url
    reopened = undefined
    const opened = await open()
    if (opened?.owner === served.owner) reopened = opened
    else await opened?.close()
    return reopened?.url
  }

  return {
    ...served,
    async reopen() {
      if (isClosed) return undefined
      opening ??= openAnew().finally(() => {
        opening = undefined
      })
      return await opening
    },
    async close() {
      isClosed = true
      await opening?.catch(() => undefined)
      await reopened?.close()
      await served.close()
    },
  }
}
