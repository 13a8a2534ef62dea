import { moveAll } from './move-all.ts'

/** Started by killed-free-up.test.ts, and killed by kill-at-call.mjs. */
const [, , folder = '', aside = '', linkFailure] = process.argv
await moveAll(folder, aside, linkFailure)
