import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { projectTo } from '../../../cli/cost/project.ts'
import { costTables, example } from './cost-tables.ts'

const document = new URL('../../../docs/cost.md', import.meta.url)
const block = /(<!-- table: ([a-z ]+) -->\n)[\s\S]*?(\n<!-- end -->)/g

test('the tables of docs/cost.md are what the code calculates (npx vitest run test/cli/cost -u writes them)', async () => {
  const text = readFileSync(document, 'utf8')
  const named = [...text.matchAll(block)].map(([, , name = '']) => name)
  expect(named.toSorted()).toEqual(Object.keys(costTables).toSorted())
  const calculated = text.replace(block, (_, begin: string, name: string, end: string) => `${begin}${costTables[name]?.()}${end}`)
  await expect(calculated).toMatchFileSnapshot(document.pathname)
})

test('the README says the same', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8').replaceAll('\n', ' ')
  const after = (storageClass: 'INTELLIGENT_TIERING' | 'DEEP_ARCHIVE', years: number) =>
    projectTo(example, storageClass, 12 * years)
  const usd = (amount = 0): string => `$${Math.round(amount)}`
  const [aYear, tenYears] = [after('INTELLIGENT_TIERING', 1), after('INTELLIGENT_TIERING', 10)]
  expect(readme).toContain(`${usd(aYear.totalUsd)} in the first year and ${usd(tenYears.totalUsd)} in ten years`)
  expect(readme).toContain(`${usd(after('DEEP_ARCHIVE', 10).totalUsd)} in the deep archive`)
  expect(readme).toContain(`Google One takes ${usd(aYear.googleUsd)} and ${usd(tenYears.googleUsd)} for it`)
})
