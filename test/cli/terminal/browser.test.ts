import { expect, test } from 'vitest'
import { openBrowser } from '../../../cli/terminal/browser.ts'
import { RecordedStream } from './recorded-stream.ts'

test.each([
  ['https://photos.example.com/oauth2/authorize?x=1', true],
  ['http://localhost:8420/oauth2/authorize', true],
  ['ssh://photos.example.com', false],
  ['file:///etc/passwd', false],
  ['javascript:alert(1)', false],
])('%s is shown and opened: %s', async (url, isOpened) => {
  const opened: string[] = []
  const [stdout, stderr] = [new RecordedStream(), new RecordedStream()]
  const opening = openBrowser(url, {
    stdin: process.stdin,
    stdout,
    stderr,
    environment: {},
    now: () => new Date(0),
    signal: new AbortController().signal,
    openBrowser: async (address) => void opened.push(address),
  })
  if (isOpened) await opening
  else await expect(opening).rejects.toMatchObject({ name: 'UserError', exitCode: 5 })
  expect(opened).toEqual(isOpened ? [url] : [])
  expect(stderr.text.includes(url)).toBe(isOpened)
})
