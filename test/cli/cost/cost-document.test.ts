import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { costTables } from './cost-tables.ts'

const document = new URL('../../../docs/cost.md', import.meta.url)
const block = /(<!-- table: ([a-z ]+) -->\n)[\s\S]*?(\n<!-- end -->)/g

test('the tables of docs/cost.md are what the code calculates (npx vitest run test/cli/cost -u writes them)', async () => {
  const text = readFileSync(document, 'utf8')
  const named = [...text.matchAll(block)].map(([, , name = '']) => name)
  expect(named.toSorted()).toEqual(Object.keys(costTables).toSorted())
  const calculated = text.replace(block, (_, begin: string, name: string, end: string) => `${begin}${costTables[name]?.()}${end}`)
  await expect(calculated).toMatchFileSnapshot(document.pathname)
})
