// `npm run deploy`: puts the backend into an AWS account, or upgrades it. docs/deploy.md tells it step by step.
import { deploying } from './deploy/deploying.js'
import { runScript } from './deploy/run-script.js'

process.exitCode = await runScript(deploying, process.argv.slice(2))
