#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const program = new URL('../dist/main.js', import.meta.url)

if (existsSync(program)) await import(program.href)
else {
  // A clone of which nothing was built yet.
  const folder = dirname(dirname(fileURLToPath(import.meta.url)))
  process.stderr.write(`photos has not been built yet\n  type in ${folder}, then run it again: npm run setup\n`)
  process.exitCode = 1
}
