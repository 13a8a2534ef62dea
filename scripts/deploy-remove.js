// `npm run deploy:remove`: takes the backend out of an AWS account again. Photos, index and accounts stay; it says how to delete them.
import { removing } from './deploy/removing.js'
import { runScript } from './deploy/run-script.js'

process.exitCode = await runScript(removing, process.argv.slice(2))
