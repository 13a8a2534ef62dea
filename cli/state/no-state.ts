import type { LocalState } from './local-state.ts'

/** Remembers nothing, and leaves nothing behind: for a dry run against a remote that is not there yet. */
export function createNoState(): LocalState {
  return {
    findRecords: async () => new Map(),
    remember: async () => {},
    forget: async () => {},
    isForgetful: () => false,
    folders: { async *below() {}, has: async () => false, put: async () => {}, remove: async () => {} },
    digests: { find: async () => [], put: async () => {} },
    registrations: {
      put: async () => {},
      remove: async () => {},
      find: async () => [],
      async *below() {},
    },
    uploads: { begun: () => [], begin: async () => {}, end: async () => {}, close: async () => {} },
    sources: { find: async () => undefined, put: async () => {}, paths: async () => [] },
    takeNotes: () => [],
    close: async () => {},
  }
}
