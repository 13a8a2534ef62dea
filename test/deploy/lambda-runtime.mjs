// What Lambda's runtime for Node does with a function: imports its module, then calls the handler, an event after the other.
// Plain JavaScript, since it is run by Node versions that read nothing else, in a process that sees only the function's folder.
import { pathToFileURL } from 'node:url'

const [, , folder, handler = ''] = process.argv
const [module, name = ''] = handler.split('.')
const { [name]: handle } = await import(pathToFileURL(`${folder}/${module}.mjs`).href)

process.on('message', async (event) => {
  try {
    process.send?.({ kind: 'answered', result: await handle(event) })
  } catch (error) {
    const { name: kind, message } = error instanceof Error ? error : new Error(String(error))
    process.send?.({ kind: 'failed', name: kind, message })
  }
})
process.send?.({ kind: 'ready' })
