import { serveS3 } from './serve-s3.ts'

/** Started by kill.test.ts: serves the folder of its first argument, and tells its parent where. Ends when the parent does. */
const served = await serveS3(process.argv[2] ?? '')
process.once('disconnect', served.close)
process.send?.({ endpoint: served.endpoint })
