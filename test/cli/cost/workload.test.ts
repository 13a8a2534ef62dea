import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { largestWholeBytes, processingGbSeconds, workload } from '../../../cli/cost/workload.ts'
import { functionLimits, processingConcurrency } from '../../../lambda/aws/deployment.ts'
import { usualUploadSizes } from '../../../lambda/photos/upload-sizes.ts'

// What is counted for a bill is what is deployed: cli may not import lambda, but a test may compare them.

test('as many alarms as the template makes, of which ten cost nothing', () => {
  const template = readFileSync(new URL('../../../deploy/resources/alarms.yml', import.meta.url), 'utf8')
  expect(template.match(/Type: AWS::CloudWatch::Alarm$/gm)).toHaveLength(workload.alarms)
})

test('no more pollers are counted than photos that are processed at once', () => {
  const asksInAMonth = (365 / 12) * 24 * 60 * 3
  expect(workload.queueRequestsPerMonth / asksInAMonth).toBeCloseTo(processingConcurrency, 8)
})

test('half a second of the API, and two seconds of a whole processor for a photo of 20 MB', () => {
  expect(workload.gbSecondsPerApiCall).toBe((functionLimits.api.memoryMegabytes / 1024) * 0.5)
  expect(processingGbSeconds(1, 20e6) / (functionLimits.processUpload.memoryMegabytes / 1024)).toBeCloseTo(1.74, 2)
})

test('what goes up in parts is what the backend does not hold in memory', () => {
  expect(largestWholeBytes).toBe(usualUploadSizes.maximumInMemoryBytes)
})
