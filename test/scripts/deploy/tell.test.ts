import { expect, test } from 'vitest'
import { commandsOf } from '../../../scripts/deploy/commands.js'
import { explainParameters } from '../../../scripts/deploy/settings.js'
import { wrapFor } from '../../../scripts/deploy/tell.js'

const { again } = commandsOf({ script: 'deploy', stage: 'trial', region: 'eu-central-1' })
const sentence = `no alarmEmail: nobody is told when something fails, and there is no budget: ${again({ user: 'anna@example.com' })}`
const command = 'npm run deploy -- --stage trial --region eu-central-1 --user anna@example.com'

test('a terminal gets lines that fit, broken between words, with commands whole', () => {
  expect(wrapFor({ isTTY: true, columns: 80 }, sentence)).toBe(
    `no alarmEmail: nobody is told when something fails, and there is no budget:\n${command}`,
  )
  expect(wrapFor({ isTTY: true, columns: 200 }, sentence)).toBe(sentence.replaceAll('\u00a0', ' '))
  expect(wrapFor({ isTTY: true, columns: 30 }, sentence)).toContain(`\n${command}`)
})

test.each([{}, { isTTY: false, columns: 80 }, { isTTY: true, columns: undefined }])(
  'what is no terminal gets whole lines: %j',
  (breadth) => {
    expect(wrapFor(breadth, sentence)).toBe(sentence.replaceAll('\u00a0', ' '))
  },
)

test('what stands in a column goes on in that column', () => {
  const text = '  storageClass       of the originals, and more than fits\n  short'
  expect(wrapFor({ isTTY: true, columns: 44 }, text)).toBe(
    '  storageClass       of the originals, and\n                     more than fits\n  short',
  )
})

test.each([60, 80, 120])('the help on parameters fits %i columns, and loses no word', (columns) => {
  const text = explainParameters().join('\n')
  const wrapped = wrapFor({ isTTY: true, columns }, text)
  expect(wrapped.split('\n').filter((line) => line.length > columns)).toEqual([])
  expect(wrapped.split(/\s+/)).toEqual(text.split(/\s+/))
})
